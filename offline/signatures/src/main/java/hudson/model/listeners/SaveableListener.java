// Signatures only, written by bin/signatures.
package hudson.model.listeners;

public abstract class SaveableListener implements hudson.ExtensionPoint {
    public SaveableListener() {}

    public void onChange(hudson.model.Saveable o, hudson.XmlFile file) {
        throw new UnsupportedOperationException();
    }
}
