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

/** Encoded forms of tokens in logs. */
final class TokenEncodings {

    /**
     * {@code b64token} of <a href="https://www.rfc-editor.org/rfc/rfc6750#section-2.1">RFC 6750, section 2.1</a>.
     * Shells do not escape any of these characters.
     */
    private static final Pattern B64TOKEN = Pattern.compile("[A-Za-z0-9._~+/=-]+");

    /** One form in the alternation that {@link SecretPatterns} generates. */
    private static final Pattern QUOTED = Pattern.compile("\\\\Q(.*?)\\\\E(?:\\||$)", Pattern.DOTALL);

    private static final String ANY_JWT = "eyJ[A-Za-z0-9_-]{8,}\\.eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]*";

    /** Shorter headers could match unrelated text. */
    private static final int MIN_HEADER_LENGTH = 16;

    private TokenEncodings() {}

    /**
     * Must be called on the controller: the escaping of other characters is defined by extensions of
     * credentials-binding.
     */
    static Set<String> of(Collection<String> accessTokens) {
        Set<String> forms = new LinkedHashSet<>();
        for (String accessToken : accessTokens) {
            forms.add(accessToken);
            forms.add(URLEncoder.encode(accessToken, StandardCharsets.UTF_8));
            forms.add(accessToken.replace("/", "\\/"));
            forms.add(accessToken.replace("=", "\\u003d").replace("+", "\\u002b"));
            forms.addAll(base64(accessToken));
            if (!B64TOKEN.matcher(accessToken).matches()) {
                String quoted = SecretPatterns.getAggregateSecretPattern(List.of(accessToken))
                        .pattern();
                QUOTED.matcher(quoted).results().forEach(form -> forms.add(form.group(1)));
            }
        }
        return forms;
    }

    /**
     * Returns a pattern for all JSON Web Tokens, and for text in any encoding that starts with the header of one of
     * these tokens. Masks tokens that are not known: on agents, which do not receive later tokens, and in resumed
     * blocks, which may have had a token that was not saved.
     */
    static Pattern jwtPattern(Collection<String> accessTokens) {
        StringBuilder pattern = new StringBuilder(ANY_JWT);
        for (String header : jwtHeaders(accessTokens)) {
            pattern.append('|').append(Pattern.quote(header)).append("[A-Za-z0-9._~+/=%-]*");
        }
        return Pattern.compile(pattern.toString());
    }

    /**
     * @return headers of the JSON Web Tokens among the texts, plain and in Base64. All tokens of a server share them.
     */
    static Set<String> jwtHeaders(Collection<String> texts) {
        Set<String> headers = new LinkedHashSet<>();
        for (String text : texts) {
            int dot = text.indexOf('.');
            if (dot >= MIN_HEADER_LENGTH && text.startsWith("eyJ") && headers.add(text.substring(0, dot))) {
                headers.addAll(base64(text.substring(0, dot)));
            }
        }
        return headers;
    }

    /**
     * Encodes in both alphabets, at each of the three offsets that the text can have in the encoded data ("user:…"),
     * without the characters that depend on adjacent text. {@link SecretPatterns} is not available on agents.
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
