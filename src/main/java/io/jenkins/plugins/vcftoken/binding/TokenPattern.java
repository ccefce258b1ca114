package io.jenkins.plugins.vcftoken.binding;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What the access tokens to come will look like. Used where those are not known in time: on an agent that masks on its own,
 * and in a block that was interrupted while an access token may have come that nobody noted.
 */
final class TokenPattern {

    private static final String ANY_JWT = "eyJ[A-Za-z0-9_-]{8,}\\.eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]*";

    /** Shorter beginnings would mask other things. */
    private static final int MIN_HEADER = 16;

    private TokenPattern() {}

    /** JSON Web Tokens, and in any encoding what begins with the same header as one of these access tokens. */
    static Pattern like(Collection<String> accessTokens) {
        Set<String> headers = new LinkedHashSet<>();
        for (String accessToken : accessTokens) {
            int dot = accessToken.indexOf('.');
            if (dot >= MIN_HEADER && accessToken.startsWith("eyJ")) {
                headers.add(accessToken.substring(0, dot));
            }
        }
        StringBuilder pattern = new StringBuilder(ANY_JWT);
        for (String header : headers) {
            pattern.append('|').append(Pattern.quote(header)).append("[A-Za-z0-9._~+/=%-]*");
            for (String encoded : TokenEncodings.base64(header)) {
                pattern.append('|').append(Pattern.quote(encoded)).append("[A-Za-z0-9+/=_-]*");
            }
        }
        return Pattern.compile(pattern.toString());
    }
}
