// Signatures only, written by bin/signatures.
package org.jenkinsci.plugins.credentialsbinding.masking;

public class SecretPatterns {
    private SecretPatterns() {}

    public static java.util.regex.Pattern getAggregateSecretPattern(java.util.Collection<java.lang.String> inputs) {
        throw new UnsupportedOperationException();
    }
}
