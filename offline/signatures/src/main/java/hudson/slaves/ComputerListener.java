// Signatures only, written by bin/signatures.
package hudson.slaves;

public abstract class ComputerListener implements hudson.ExtensionPoint {
    public ComputerListener() {}

    public void onOnline(hudson.model.Computer c, hudson.model.TaskListener listener) throws java.io.IOException, java.lang.InterruptedException {
        throw new UnsupportedOperationException();
    }
}
