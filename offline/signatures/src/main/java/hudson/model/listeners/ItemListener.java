// Signatures only, written by bin/signatures.
package hudson.model.listeners;

public class ItemListener implements hudson.ExtensionPoint {
    public ItemListener() {}

    public void onCopied(hudson.model.Item src, hudson.model.Item item) {
        throw new UnsupportedOperationException();
    }

    public void onLocationChanged(hudson.model.Item item, java.lang.String oldFullName, java.lang.String newFullName) {
        throw new UnsupportedOperationException();
    }
}
