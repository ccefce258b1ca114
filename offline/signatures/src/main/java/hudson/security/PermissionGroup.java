// Signatures only, written by bin/signatures.
package hudson.security;

public final class PermissionGroup implements java.lang.Iterable<hudson.security.Permission>, java.lang.Comparable<hudson.security.PermissionGroup> {
    public PermissionGroup(java.lang.Class owner, org.jvnet.localizer.Localizable title) throws java.lang.IllegalStateException {}

    public int compareTo(hudson.security.PermissionGroup that) {
        throw new UnsupportedOperationException();
    }

    public java.util.Iterator<hudson.security.Permission> iterator() {
        throw new UnsupportedOperationException();
    }
}
