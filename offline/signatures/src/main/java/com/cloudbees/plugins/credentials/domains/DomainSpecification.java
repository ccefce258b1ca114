// Signatures only, written by bin/signatures.
package com.cloudbees.plugins.credentials.domains;

public abstract class DomainSpecification extends hudson.model.AbstractDescribableImpl<com.cloudbees.plugins.credentials.domains.DomainSpecification> implements hudson.ExtensionPoint, java.io.Serializable {
    public DomainSpecification() {}
}
