// Signatures only, written by bin/signatures.
package hudson.security;

public abstract class SecurityRealm implements hudson.model.Describable<hudson.security.SecurityRealm>, hudson.ExtensionPoint {
    public static final org.springframework.security.core.GrantedAuthority AUTHENTICATED_AUTHORITY2 = null;

    public SecurityRealm() {}
}
