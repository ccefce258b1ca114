// Signatures only, written by bin/signatures.
package hudson.model;

public abstract class AsyncPeriodicWork extends hudson.model.PeriodicWork {
    protected AsyncPeriodicWork(java.lang.String name) {}

    protected abstract void execute(hudson.model.TaskListener listener) throws java.io.IOException, java.lang.InterruptedException;

    protected boolean queueIfAlreadyRunning() {
        throw new UnsupportedOperationException();
    }

    protected java.util.logging.Level getNormalLoggingLevel() {
        throw new UnsupportedOperationException();
    }
}
