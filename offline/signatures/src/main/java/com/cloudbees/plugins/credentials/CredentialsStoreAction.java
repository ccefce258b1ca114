// Signatures only, written by bin/signatures.
package com.cloudbees.plugins.credentials;

public abstract class CredentialsStoreAction implements hudson.model.Action, org.jenkins.ui.icon.IconSpec, hudson.security.AccessControlled, hudson.model.ModelObject {
    public static final hudson.util.XStream2 FINGERPRINT_XML = null;

    public CredentialsStoreAction() {}

    public java.lang.String getDisplayName() {
        throw new UnsupportedOperationException();
    }

    public java.lang.String getIconClassName() {
        throw new UnsupportedOperationException();
    }

    public java.lang.String getIconFileName() {
        throw new UnsupportedOperationException();
    }

    public java.lang.String getUrlName() {
        throw new UnsupportedOperationException();
    }

    public static class CredentialsWrapper extends hudson.model.AbstractDescribableImpl<com.cloudbees.plugins.credentials.CredentialsStoreAction.CredentialsWrapper> implements org.jenkins.ui.icon.IconSpec, hudson.model.ModelObject, hudson.security.AccessControlled {
        public CredentialsWrapper(com.cloudbees.plugins.credentials.CredentialsStoreAction.DomainWrapper domain, com.cloudbees.plugins.credentials.Credentials credentials, java.lang.String id) {}

        public com.cloudbees.plugins.credentials.Credentials getCredentials() {
            throw new UnsupportedOperationException();
        }

        public java.lang.String getDisplayName() {
            throw new UnsupportedOperationException();
        }

        public java.lang.String getIconClassName() {
            throw new UnsupportedOperationException();
        }
    }

    public static class DomainWrapper extends hudson.model.AbstractDescribableImpl<com.cloudbees.plugins.credentials.CredentialsStoreAction.DomainWrapper> implements hudson.model.ModelObject, hudson.security.AccessControlled, org.jenkins.ui.icon.IconSpec {
        public DomainWrapper(com.cloudbees.plugins.credentials.CredentialsStoreAction parent, com.cloudbees.plugins.credentials.domains.Domain domain) {}

        public java.lang.String getDisplayName() {
            throw new UnsupportedOperationException();
        }

        public java.lang.String getIconClassName() {
            throw new UnsupportedOperationException();
        }
    }
}
