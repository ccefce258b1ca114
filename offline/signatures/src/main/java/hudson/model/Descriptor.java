// Signatures only, written by bin/signatures.
package hudson.model;

public abstract class Descriptor<T extends hudson.model.Describable<T>> implements jenkins.model.Loadable, hudson.model.Saveable, jenkins.util.io.OnMaster {
    public final java.lang.Class<? extends T> clazz = null;

    protected Descriptor() {}

    public java.lang.String getDisplayName() {
        throw new UnsupportedOperationException();
    }
}
