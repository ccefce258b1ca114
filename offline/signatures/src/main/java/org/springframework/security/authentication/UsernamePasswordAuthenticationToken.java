// Signatures only, written by bin/signatures.
package org.springframework.security.authentication;

public class UsernamePasswordAuthenticationToken extends org.springframework.security.authentication.AbstractAuthenticationToken {
    public UsernamePasswordAuthenticationToken(java.lang.Object principal, java.lang.Object credentials) {
        super((java.util.Collection<? extends org.springframework.security.core.GrantedAuthority>) null);
    }

    public UsernamePasswordAuthenticationToken(java.lang.Object principal, java.lang.Object credentials, java.util.Collection<? extends org.springframework.security.core.GrantedAuthority> authorities) {
        super((java.util.Collection<? extends org.springframework.security.core.GrantedAuthority>) null);
    }
}
