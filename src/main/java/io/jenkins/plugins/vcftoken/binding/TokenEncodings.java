package io.jenkins.plugins.vcftoken.binding;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jenkinsci.plugins.credentialsbinding.masking.SecretPatterns;

/** The forms in which one access token gets into a log. */
final class TokenEncodings {

    /** What RFC 6750 allows in an access token. No shell puts anything between these, quoted or not. */
    private static final Pattern TOKEN_68 = Pattern.compile("[A-Za-z0-9._~+/=-]+");

    /** Between two forms that {@link SecretPatterns} has joined and quoted. */
    private static final Pattern QUOTED = Pattern.compile("\\\\Q(.*?)\\\\E(?:\\||$)", Pattern.DOTALL);

    private TokenEncodings() {}

    /** On the controller only: for an access token of unusual characters the quoting rules come from extensions. */
    static Set<String> of(String accessToken) {
        Set<String> forms = new LinkedHashSet<>();
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
        return forms;
    }

    /**
     * Base64 in both alphabets, wherever the text stands within what was encoded ("Authorization: Bearer …",
     * "user:…"). Characters that depend on its neighbors as well are left out.
     */
    static List<String> base64(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        List<String> forms = new ArrayList<>(6);
        for (int phase = 0; phase < 3; phase++) {
            byte[] shifted = new byte[phase + bytes.length];
            System.arraycopy(bytes, 0, shifted, phase, bytes.length);
            int from = (phase * 8 + 5) / 6;
            int to = shifted.length * 8 / 6;
            if (to > from) {
                String standard = Base64.getEncoder()
                        .withoutPadding()
                        .encodeToString(shifted)
                        .substring(from, to);
                forms.add(standard);
                forms.add(standard.replace('+', '-').replace('/', '_'));
            }
        }
        return forms;
    }
}
