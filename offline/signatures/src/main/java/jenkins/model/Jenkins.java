// Signatures only, written by bin/signatures.
package jenkins.model;

public class Jenkins extends hudson.model.AbstractCIBase implements jenkins.model.DirectlyModifiableTopLevelItemGroup, org.kohsuke.stapler.StaplerProxy, org.kohsuke.stapler.StaplerFallback, hudson.model.ModifiableViewGroup, hudson.security.AccessControlled, hudson.model.DescriptorByNameOwner, jenkins.model.ModelObjectWithContextMenu, jenkins.model.ModelObjectWithChildren, jenkins.util.io.OnMaster, jenkins.model.Loadable {
    public static final hudson.security.Permission ADMINISTER = null;

    protected Jenkins(java.io.File root, jakarta.servlet.ServletContext context) throws java.io.IOException, java.lang.InterruptedException, org.jvnet.hudson.reactor.ReactorException {}

    public hudson.model.Computer getComputer(java.lang.String name) {
        throw new UnsupportedOperationException();
    }

    public hudson.model.Item getItemByFullName(java.lang.String fullName) {
        throw new UnsupportedOperationException();
    }

    public java.io.File getRootDir() {
        throw new UnsupportedOperationException();
    }

    public java.lang.Object getTarget() {
        throw new UnsupportedOperationException();
    }

    public java.lang.String getDisplayName() {
        throw new UnsupportedOperationException();
    }

    public static jenkins.model.Jenkins get() throws java.lang.IllegalStateException {
        throw new UnsupportedOperationException();
    }

    public static jenkins.model.Jenkins getInstanceOrNull() {
        throw new UnsupportedOperationException();
    }

    public static org.springframework.security.core.Authentication getAuthentication2() {
        throw new UnsupportedOperationException();
    }
}
