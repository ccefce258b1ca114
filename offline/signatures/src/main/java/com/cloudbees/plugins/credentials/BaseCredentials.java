// Signatures only, written by bin/signatures.
package com.cloudbees.plugins.credentials;

public class BaseCredentials implements com.cloudbees.plugins.credentials.Credentials {
    protected BaseCredentials() {}

    public com.cloudbees.plugins.credentials.CredentialsDescriptor getDescriptor() {
        throw new UnsupportedOperationException();
    }

    public com.cloudbees.plugins.credentials.CredentialsScope getScope() {
        throw new UnsupportedOperationException();
    }
}
