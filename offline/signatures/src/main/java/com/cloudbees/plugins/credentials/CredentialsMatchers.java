// Signatures only, written by bin/signatures.
package com.cloudbees.plugins.credentials;

public class CredentialsMatchers {
    private CredentialsMatchers() {}

    public static com.cloudbees.plugins.credentials.CredentialsMatcher always() {
        throw new UnsupportedOperationException();
    }

    public static com.cloudbees.plugins.credentials.CredentialsMatcher withId(java.lang.String id) {
        throw new UnsupportedOperationException();
    }
}
