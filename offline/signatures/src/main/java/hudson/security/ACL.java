// Signatures only, written by bin/signatures.
package hudson.security;

public abstract class ACL {
    public static final org.springframework.security.core.Authentication SYSTEM2 = null;

    public ACL() {}

    public static hudson.security.ACLContext as2(org.springframework.security.core.Authentication auth) {
        throw new UnsupportedOperationException();
    }
}
