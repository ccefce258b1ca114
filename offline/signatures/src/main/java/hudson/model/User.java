// Signatures only, written by bin/signatures.
package hudson.model;

public class User extends hudson.model.AbstractModelObject implements hudson.security.AccessControlled, hudson.model.DescriptorByNameOwner, jenkins.model.Loadable, hudson.model.Saveable, java.lang.Comparable<hudson.model.User>, jenkins.model.ModelObjectWithContextMenu, org.kohsuke.stapler.StaplerProxy {
    private User() {}

    public int compareTo(hudson.model.User that) {
        throw new UnsupportedOperationException();
    }

    public java.lang.Object getTarget() {
        throw new UnsupportedOperationException();
    }

    public java.lang.String getDisplayName() {
        throw new UnsupportedOperationException();
    }

    public java.lang.String getId() {
        throw new UnsupportedOperationException();
    }

    public java.lang.String getUrl() {
        throw new UnsupportedOperationException();
    }

    public static hudson.model.User current() {
        throw new UnsupportedOperationException();
    }

    public static hudson.model.User getById(java.lang.String id, boolean create) {
        throw new UnsupportedOperationException();
    }

    public static java.util.Collection<hudson.model.User> getAll() {
        throw new UnsupportedOperationException();
    }
}
