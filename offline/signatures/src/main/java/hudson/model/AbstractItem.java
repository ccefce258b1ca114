// Signatures only, written by bin/signatures.
package hudson.model;

public abstract class AbstractItem extends hudson.model.Actionable implements jenkins.model.Loadable, hudson.model.Item, org.kohsuke.stapler.HttpDeletable, hudson.security.AccessControlled, hudson.model.DescriptorByNameOwner, org.kohsuke.stapler.StaplerProxy {
    protected AbstractItem(hudson.model.ItemGroup parent, java.lang.String name) {}

    public final java.lang.String getFullName() {
        throw new UnsupportedOperationException();
    }

    public final java.lang.String getUrl() {
        throw new UnsupportedOperationException();
    }

    public hudson.model.ItemGroup getParent() {
        throw new UnsupportedOperationException();
    }

    public java.lang.Object getTarget() {
        throw new UnsupportedOperationException();
    }

    public java.lang.String getDisplayName() {
        throw new UnsupportedOperationException();
    }
}
