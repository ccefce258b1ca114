// Signatures only, written by bin/signatures.
package com.cloudbees.plugins.credentials.impl;

public abstract class BaseStandardCredentials extends com.cloudbees.plugins.credentials.BaseCredentials implements com.cloudbees.plugins.credentials.common.StandardCredentials {
    public BaseStandardCredentials(com.cloudbees.plugins.credentials.CredentialsScope scope, java.lang.String id, java.lang.String description) {}

    public BaseStandardCredentials(java.lang.String id, java.lang.String description) {}

    protected abstract static class BaseStandardCredentialsDescriptor extends com.cloudbees.plugins.credentials.CredentialsDescriptor {
        protected BaseStandardCredentialsDescriptor() {}

        public final hudson.util.FormValidation doCheckId(hudson.model.ModelObject context, java.lang.String value) {
            throw new UnsupportedOperationException();
        }

        public java.lang.String getCheckIdUrl(com.cloudbees.plugins.credentials.CredentialsStore store) throws java.io.UnsupportedEncodingException {
            throw new UnsupportedOperationException();
        }
    }

    public java.lang.String getDescription() {
        throw new UnsupportedOperationException();
    }

    public java.lang.String getId() {
        throw new UnsupportedOperationException();
    }
}
