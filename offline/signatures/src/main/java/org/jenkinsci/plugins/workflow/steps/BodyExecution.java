// Signatures only, written by bin/signatures.
package org.jenkinsci.plugins.workflow.steps;

public abstract class BodyExecution implements java.util.concurrent.Future<java.lang.Object>, java.io.Serializable {
    public BodyExecution() {}

    public boolean cancel(boolean b) {
        throw new UnsupportedOperationException();
    }
}
