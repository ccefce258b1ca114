// Signatures only, written by bin/signatures.
package com.cloudbees.plugins.credentials.common;

public abstract class AbstractIdCredentialsListBoxModel<T extends com.cloudbees.plugins.credentials.common.AbstractIdCredentialsListBoxModel<T, C>, C extends com.cloudbees.plugins.credentials.common.IdCredentials> extends hudson.util.ListBoxModel {
    public AbstractIdCredentialsListBoxModel() {}

    public com.cloudbees.plugins.credentials.common.AbstractIdCredentialsListBoxModel<T, C> includeCurrentValue(java.lang.String value) {
        throw new UnsupportedOperationException();
    }

    public com.cloudbees.plugins.credentials.common.AbstractIdCredentialsListBoxModel<T, C> includeEmptyValue() {
        throw new UnsupportedOperationException();
    }

    public com.cloudbees.plugins.credentials.common.AbstractIdCredentialsListBoxModel<T, C> includeMatchingAs(org.springframework.security.core.Authentication authentication, hudson.model.Item context, java.lang.Class<? extends C> type, java.util.List<com.cloudbees.plugins.credentials.domains.DomainRequirement> domainRequirements, com.cloudbees.plugins.credentials.CredentialsMatcher matcher) {
        throw new UnsupportedOperationException();
    }
}
