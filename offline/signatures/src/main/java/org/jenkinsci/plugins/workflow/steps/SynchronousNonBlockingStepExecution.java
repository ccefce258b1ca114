// Signatures only, written by bin/signatures.
package org.jenkinsci.plugins.workflow.steps;

public abstract class SynchronousNonBlockingStepExecution<T> extends org.jenkinsci.plugins.workflow.steps.StepExecution {
    protected SynchronousNonBlockingStepExecution(org.jenkinsci.plugins.workflow.steps.StepContext context) {}

    protected abstract T run() throws java.lang.Exception;

    public final boolean start() throws java.lang.Exception {
        throw new UnsupportedOperationException();
    }
}
