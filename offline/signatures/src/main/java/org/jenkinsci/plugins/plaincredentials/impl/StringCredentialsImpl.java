// Signatures only, written by bin/signatures.
package org.jenkinsci.plugins.plaincredentials.impl;

public final class StringCredentialsImpl extends com.cloudbees.plugins.credentials.impl.BaseStandardCredentials implements org.jenkinsci.plugins.plaincredentials.StringCredentials {
    public StringCredentialsImpl(com.cloudbees.plugins.credentials.CredentialsScope scope, java.lang.String id, java.lang.String description, hudson.util.Secret secret) {
        super((java.lang.String) null, (java.lang.String) null);
    }

    public hudson.util.Secret getSecret() {
        throw new UnsupportedOperationException();
    }
}
