// Signatures only, written by bin/signatures.
package hudson.model;

public abstract class TransientUserActionFactory implements hudson.ExtensionPoint {
    public TransientUserActionFactory() {}

    public java.util.Collection<? extends hudson.model.Action> createFor(hudson.model.User target) {
        throw new UnsupportedOperationException();
    }
}
