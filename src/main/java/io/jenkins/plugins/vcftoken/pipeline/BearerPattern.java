package io.jenkins.plugins.vcftoken.pipeline;

import hudson.util.Secret;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.Pattern;
import org.jenkinsci.plugins.credentialsbinding.masking.SecretPatterns;

/**
 * One pattern for several bearers. Made on the controller only: the quoting rules come from extensions.
 *
 * @param count how many bearers went into it
 */
record BearerPattern(int count, Pattern pattern) {

    /** What stands for a bearer in a log. */
    static final String MASK = "****";

    static BearerPattern of(Collection<Secret> bearers) {
        Set<String> forms = new LinkedHashSet<>();
        int count = 0;
        for (Secret bearer : bearers) {
            String value = bearer.getPlainText();
            forms.add(value);
            forms.add(URLEncoder.encode(value, StandardCharsets.UTF_8));
            forms.add(value.replace("/", "\\/"));
            count++;
        }
        return new BearerPattern(count, SecretPatterns.getAggregateSecretPattern(forms));
    }
}
