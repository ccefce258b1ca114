// Signatures only, written by bin/signatures.
package hudson.security;

public interface AccessControlled {
    default boolean hasPermission(hudson.security.Permission permission) {
        throw new UnsupportedOperationException();
    }

    default void checkPermission(hudson.security.Permission permission) throws org.springframework.security.access.AccessDeniedException {
        throw new UnsupportedOperationException();
    }
}
