// Signatures only, written by bin/signatures.
package hudson.model;

public abstract class Node extends hudson.model.AbstractModelObject implements hudson.model.ReconfigurableDescribable<hudson.model.Node>, hudson.ExtensionPoint, hudson.security.AccessControlled, jenkins.util.io.OnMaster, hudson.model.PersistenceRoot {
    public Node() {}

    public abstract java.lang.String getNodeName();

    public java.lang.String getDisplayName() {
        throw new UnsupportedOperationException();
    }
}
