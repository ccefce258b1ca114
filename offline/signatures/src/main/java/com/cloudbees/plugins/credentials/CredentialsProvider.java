// Signatures only, written by bin/signatures.
package com.cloudbees.plugins.credentials;

public abstract class CredentialsProvider extends hudson.model.Descriptor<com.cloudbees.plugins.credentials.CredentialsProvider> implements hudson.ExtensionPoint, hudson.model.Describable<com.cloudbees.plugins.credentials.CredentialsProvider>, org.jenkins.ui.icon.IconSpec {
    public static final hudson.security.Permission CREATE = null;

    public static final hudson.security.Permission UPDATE = null;

    public static final hudson.security.Permission USE_ITEM = null;

    public static final hudson.security.Permission VIEW = null;

    public CredentialsProvider() {}

    public java.lang.String getIconClassName() {
        throw new UnsupportedOperationException();
    }

    public static <C extends com.cloudbees.plugins.credentials.Credentials> C track(hudson.model.Run build, C credentials) {
        throw new UnsupportedOperationException();
    }

    public static <C extends com.cloudbees.plugins.credentials.common.IdCredentials> C findCredentialById(java.lang.String id, java.lang.Class<C> type, hudson.model.Run<?, ?> run, java.util.List<com.cloudbees.plugins.credentials.domains.DomainRequirement> domainRequirements) {
        throw new UnsupportedOperationException();
    }

    public static <C extends com.cloudbees.plugins.credentials.common.IdCredentials> hudson.util.ListBoxModel listCredentialsInItem(java.lang.Class<C> type, hudson.model.Item item, org.springframework.security.core.Authentication authentication, java.util.List<com.cloudbees.plugins.credentials.domains.DomainRequirement> domainRequirements, com.cloudbees.plugins.credentials.CredentialsMatcher matcher) {
        throw new UnsupportedOperationException();
    }

    public static hudson.model.Fingerprint getFingerprintOf(com.cloudbees.plugins.credentials.Credentials c) throws java.io.IOException {
        throw new UnsupportedOperationException();
    }

    public static java.lang.Iterable<com.cloudbees.plugins.credentials.CredentialsStore> lookupStores(hudson.model.ModelObject context) {
        throw new UnsupportedOperationException();
    }
}
