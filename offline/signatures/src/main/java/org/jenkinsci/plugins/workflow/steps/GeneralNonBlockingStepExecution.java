// Signatures only, written by bin/signatures.
package org.jenkinsci.plugins.workflow.steps;

public abstract class GeneralNonBlockingStepExecution extends org.jenkinsci.plugins.workflow.steps.StepExecution {
    protected GeneralNonBlockingStepExecution(org.jenkinsci.plugins.workflow.steps.StepContext context) {}

    protected abstract class TailCall extends org.jenkinsci.plugins.workflow.steps.BodyExecutionCallback {
        protected TailCall() {}

        protected abstract void finished(org.jenkinsci.plugins.workflow.steps.StepContext context) throws java.lang.Exception;

        public final void onFailure(org.jenkinsci.plugins.workflow.steps.StepContext context, java.lang.Throwable t) {
            throw new UnsupportedOperationException();
        }

        public final void onSuccess(org.jenkinsci.plugins.workflow.steps.StepContext context, java.lang.Object result) {
            throw new UnsupportedOperationException();
        }
    }

    protected final void run(org.jenkinsci.plugins.workflow.steps.GeneralNonBlockingStepExecution.Block block) {
        throw new UnsupportedOperationException();
    }

    protected interface Block {
        void run() throws java.lang.Exception;
    }

    public boolean blocksRestart() {
        throw new UnsupportedOperationException();
    }

    public void onResume() {
        throw new UnsupportedOperationException();
    }

    public void stop(java.lang.Throwable cause) throws java.lang.Exception {
        throw new UnsupportedOperationException();
    }
}
