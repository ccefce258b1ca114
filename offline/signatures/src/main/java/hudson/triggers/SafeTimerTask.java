// Signatures only, written by bin/signatures.
package hudson.triggers;

public abstract class SafeTimerTask extends java.util.TimerTask {
    public SafeTimerTask() {}

    protected abstract void doRun() throws java.lang.Exception;

    public final void run() {
        throw new UnsupportedOperationException();
    }
}
