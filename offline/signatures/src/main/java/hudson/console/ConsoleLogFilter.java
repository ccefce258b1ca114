// Signatures only, written by bin/signatures.
package hudson.console;

public abstract class ConsoleLogFilter implements hudson.ExtensionPoint {
    public ConsoleLogFilter() {}

    public java.io.OutputStream decorateLogger(hudson.model.AbstractBuild build, java.io.OutputStream logger) throws java.io.IOException, java.lang.InterruptedException {
        throw new UnsupportedOperationException();
    }
}
