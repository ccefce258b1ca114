// Signatures only, written by bin/signatures.
package hudson.model;

public abstract class ManagementLink implements hudson.ExtensionPoint, hudson.model.Action {
    public ManagementLink() {}

    public abstract java.lang.String getIconFileName();

    public abstract java.lang.String getUrlName();

    public enum Category {
        CONFIGURATION,
        SECURITY,
        STATUS,
        TROUBLESHOOTING,
        TOOLS,
        MISC,
        UNCATEGORIZED;
    }

    public hudson.model.ManagementLink.Category getCategory() {
        throw new UnsupportedOperationException();
    }

    public hudson.security.Permission getRequiredPermission() {
        throw new UnsupportedOperationException();
    }

    public java.lang.String getDescription() {
        throw new UnsupportedOperationException();
    }
}
