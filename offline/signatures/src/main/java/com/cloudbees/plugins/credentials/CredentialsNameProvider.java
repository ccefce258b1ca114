// Signatures only, written by bin/signatures.
package com.cloudbees.plugins.credentials;

public abstract class CredentialsNameProvider<C extends com.cloudbees.plugins.credentials.Credentials> {
    public CredentialsNameProvider() {}

    public abstract java.lang.String getName(C credentials);

    public static java.lang.String name(com.cloudbees.plugins.credentials.Credentials credentials) {
        throw new UnsupportedOperationException();
    }
}
