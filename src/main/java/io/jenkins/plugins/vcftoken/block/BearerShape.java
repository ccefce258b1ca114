package io.jenkins.plugins.vcftoken.block;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What the bearers to come will look like. Used where those are not known in time: on an agent that masks on its own,
 * and in a block that was interrupted while a bearer may have come that nobody noted.
 */
final class BearerShape {

    private static final String ANY_JWT = "eyJ[A-Za-z0-9_-]{8,}\\.eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]*";

    /** Shorter beginnings would mask other things. */
    private static final int MIN_HEADER = 16;

    private BearerShape() {}

    /** JSON Web Tokens, and in any encoding what begins with the same header as one of these bearers. */
    static Pattern like(Collection<String> bearers) {
        Set<String> headers = new LinkedHashSet<>();
        for (String bearer : bearers) {
            int dot = bearer.indexOf('.');
            if (dot >= MIN_HEADER && bearer.startsWith("eyJ")) {
                headers.add(bearer.substring(0, dot));
            }
        }
        StringBuilder pattern = new StringBuilder(ANY_JWT);
        for (String header : headers) {
            pattern.append('|').append(Pattern.quote(header)).append("[A-Za-z0-9._~+/=%-]*");
            for (String encoded : BearerForms.base64(header)) {
                pattern.append('|').append(Pattern.quote(encoded)).append("[A-Za-z0-9+/=_-]*");
            }
        }
        return Pattern.compile(pattern.toString());
    }
}
