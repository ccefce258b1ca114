// Signatures only, written by bin/signatures.
package org.springframework.security.authentication;

public abstract class AbstractAuthenticationToken implements org.springframework.security.core.Authentication, org.springframework.security.core.CredentialsContainer {
    public AbstractAuthenticationToken(java.util.Collection<? extends org.springframework.security.core.GrantedAuthority> authorities) {}

    public boolean equals(java.lang.Object obj) {
        throw new UnsupportedOperationException();
    }

    public int hashCode() {
        throw new UnsupportedOperationException();
    }

    public java.lang.String getName() {
        throw new UnsupportedOperationException();
    }

    public java.lang.String toString() {
        throw new UnsupportedOperationException();
    }
}
