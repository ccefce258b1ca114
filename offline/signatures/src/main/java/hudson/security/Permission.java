// Signatures only, written by bin/signatures.
package hudson.security;

public final class Permission {
    public Permission(hudson.security.PermissionGroup group, java.lang.String name, hudson.security.Permission impliedBy) {}
}
