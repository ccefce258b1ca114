// Signatures only, written by bin/signatures.
package hudson.triggers;

public abstract class SafeTimerTask extends java.util.TimerTask {
    public SafeTimerTask() {}

    public final void run() {
        throw new UnsupportedOperationException();
    }

    public interface ExceptionRunnable {
        void run() throws java.lang.Exception;
    }

    public static hudson.triggers.SafeTimerTask of(hudson.triggers.SafeTimerTask.ExceptionRunnable r) {
        throw new UnsupportedOperationException();
    }
}
