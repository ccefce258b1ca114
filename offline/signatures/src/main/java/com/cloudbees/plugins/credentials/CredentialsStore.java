// Signatures only, written by bin/signatures.
package com.cloudbees.plugins.credentials;

public abstract class CredentialsStore implements hudson.security.AccessControlled, hudson.model.Saveable {
    public CredentialsStore() {}

    public abstract boolean updateCredentials(com.cloudbees.plugins.credentials.domains.Domain domain, com.cloudbees.plugins.credentials.Credentials current, com.cloudbees.plugins.credentials.Credentials replacement) throws java.io.IOException;

    public abstract hudson.model.ModelObject getContext();

    public abstract java.util.List<com.cloudbees.plugins.credentials.Credentials> getCredentials(com.cloudbees.plugins.credentials.domains.Domain domain);

    public boolean hasPermission2(org.springframework.security.core.Authentication a, hudson.security.Permission permission) {
        throw new UnsupportedOperationException();
    }

    public final boolean hasPermission(hudson.security.Permission p) {
        throw new UnsupportedOperationException();
    }

    public final java.lang.String getContextDisplayName() {
        throw new UnsupportedOperationException();
    }

    public final void checkPermission(hudson.security.Permission p) {
        throw new UnsupportedOperationException();
    }

    public java.lang.String getRelativeLinkTo(com.cloudbees.plugins.credentials.domains.Domain domain) {
        throw new UnsupportedOperationException();
    }

    public java.util.List<com.cloudbees.plugins.credentials.domains.Domain> getDomains() {
        throw new UnsupportedOperationException();
    }
}
