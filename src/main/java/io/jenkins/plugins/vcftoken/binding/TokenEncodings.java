package io.jenkins.plugins.vcftoken.binding;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jenkinsci.plugins.credentialsbinding.masking.SecretPatterns;

/** Forms in which access tokens appear in logs. */
final class TokenEncodings {

    /**
     * Characters of an access token by <a href="https://www.rfc-editor.org/rfc/rfc6750#section-2.1">RFC 6750, section
     * 2.1</a>. No shell adds anything to these, quoted or not.
     */
    private static final Pattern TOKEN_68 = Pattern.compile("[A-Za-z0-9._~+/=-]+");

    /** A form in the alternation that {@link SecretPatterns} makes. */
    private static final Pattern QUOTED = Pattern.compile("\\\\Q(.*?)\\\\E(?:\\||$)", Pattern.DOTALL);

    private static final String ANY_JWT = "eyJ[A-Za-z0-9_-]{8,}\\.eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]*";

    /** Shorter headers would match other text. */
    private static final int SHORTEST_HEADER = 16;

    private TokenEncodings() {}

    /** Controller only: the rules for quoting unusual characters come from extensions of credentials-binding. */
    static Set<String> of(Collection<String> accessTokens) {
        Set<String> forms = new LinkedHashSet<>();
        for (String accessToken : accessTokens) {
            forms.add(accessToken);
            forms.add(URLEncoder.encode(accessToken, StandardCharsets.UTF_8));
            forms.add(accessToken.replace("/", "\\/"));
            forms.add(accessToken.replace("=", "\\u003d").replace("+", "\\u002b"));
            forms.addAll(base64(accessToken));
            if (!TOKEN_68.matcher(accessToken).matches()) {
                String quoted = SecretPatterns.getAggregateSecretPattern(List.of(accessToken))
                        .pattern();
                QUOTED.matcher(quoted).results().forEach(form -> forms.add(form.group(1)));
            }
        }
        return forms;
    }

    /**
     * Matches any JSON Web Token, and in any encoding what begins with the header of one of these access tokens. For
     * access tokens that are not known in time: on an agent, which masks by itself, and in a block that Jenkins
     * resumes, which may have received one that was not saved.
     */
    static Pattern shape(Collection<String> accessTokens) {
        StringBuilder pattern = new StringBuilder(ANY_JWT);
        for (String header : jwtHeaders(accessTokens)) {
            pattern.append('|').append(Pattern.quote(header)).append("[A-Za-z0-9._~+/=%-]*");
        }
        return Pattern.compile(pattern.toString());
    }

    /** The headers of those that are JSON Web Tokens, plain and in base64. All tokens of a server share them. */
    static Set<String> jwtHeaders(Collection<String> texts) {
        Set<String> headers = new LinkedHashSet<>();
        for (String text : texts) {
            int dot = text.indexOf('.');
            if (dot >= SHORTEST_HEADER && text.startsWith("eyJ") && headers.add(text.substring(0, dot))) {
                headers.addAll(base64(text.substring(0, dot)));
            }
        }
        return headers;
    }

    /**
     * Base64 in both alphabets, at each of the three offsets that the text can have in what was encoded ("user:…"),
     * without the characters that depend on the text's neighbors as well. The plugin's own, because agents, where
     * {@link SecretPatterns} does not work, need it too.
     */
    private static Set<String> base64(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        Set<String> forms = new LinkedHashSet<>();
        for (int offset = 0; offset < 3; offset++) {
            byte[] shifted = new byte[offset + bytes.length];
            System.arraycopy(bytes, 0, shifted, offset, bytes.length);
            String encoded =
                    Base64.getEncoder().encodeToString(shifted).substring((offset * 8 + 5) / 6, shifted.length * 8 / 6);
            forms.add(encoded);
            forms.add(encoded.replace('+', '-').replace('/', '_'));
        }
        return forms;
    }
}
