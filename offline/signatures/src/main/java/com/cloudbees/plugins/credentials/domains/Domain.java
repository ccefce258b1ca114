// Signatures only, written by bin/signatures.
package com.cloudbees.plugins.credentials.domains;

public class Domain implements java.io.Serializable {
    public Domain(java.lang.String name, java.lang.String description, java.util.List<com.cloudbees.plugins.credentials.domains.DomainSpecification> specifications) {}

    public boolean equals(java.lang.Object o) {
        throw new UnsupportedOperationException();
    }
}
