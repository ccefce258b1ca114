// Signatures only, written by bin/signatures.
package jenkins.model;

public interface IComputer extends hudson.security.AccessControlled, org.jenkins.ui.icon.IconSpec, hudson.model.ModelObject, jenkins.model.Named {
    default java.lang.String getIconClassName() {
        throw new UnsupportedOperationException();
    }
}
