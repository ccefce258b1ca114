// Signatures only, written by bin/signatures.
package hudson.util;

public final class NamingThreadFactory implements java.util.concurrent.ThreadFactory {
    public NamingThreadFactory(java.util.concurrent.ThreadFactory delegate, java.lang.String name) {}

    public java.lang.Thread newThread(java.lang.Runnable r) {
        throw new UnsupportedOperationException();
    }
}
