// Signatures only, written by bin/signatures.
package hudson.model;

public interface TaskListener extends org.jenkinsci.remoting.SerializableOnlyOverRemoting {
    default java.io.PrintWriter error(java.lang.String msg) {
        throw new UnsupportedOperationException();
    }

    java.io.PrintStream getLogger();
}
