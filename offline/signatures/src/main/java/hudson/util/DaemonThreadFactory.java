// Signatures only, written by bin/signatures.
package hudson.util;

public class DaemonThreadFactory implements java.util.concurrent.ThreadFactory {
    public DaemonThreadFactory() {}

    public java.lang.Thread newThread(java.lang.Runnable r) {
        throw new UnsupportedOperationException();
    }
}
