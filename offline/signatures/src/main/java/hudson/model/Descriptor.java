// Signatures only, written by bin/signatures.
package hudson.model;

public abstract class Descriptor<T extends hudson.model.Describable<T>> implements jenkins.model.Loadable, hudson.model.Saveable, jenkins.util.io.OnMaster {
    public final java.lang.Class<? extends T> clazz = null;

    protected Descriptor() {}

    protected void addHelpFileRedirect(java.lang.String fieldName, java.lang.Class<? extends hudson.model.Describable> owner, java.lang.String fieldNameToRedirectTo) {
        throw new UnsupportedOperationException();
    }

    public java.lang.String getDisplayName() {
        throw new UnsupportedOperationException();
    }
}
