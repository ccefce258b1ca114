// Signatures only, written by bin/signatures.
package org.jenkinsci.plugins.workflow.steps;

public abstract class StepExecution implements java.io.Serializable {
    protected StepExecution() {}

    public abstract boolean start() throws java.lang.Exception;

    public org.jenkinsci.plugins.workflow.steps.StepContext getContext() {
        throw new UnsupportedOperationException();
    }

    public void onResume() {
        throw new UnsupportedOperationException();
    }

    public void stop(java.lang.Throwable cause) throws java.lang.Exception {
        throw new UnsupportedOperationException();
    }
}
