// Signatures only, written by bin/signatures.
package org.jenkinsci.plugins.workflow.steps;

public final class FlowInterruptedException extends java.lang.InterruptedException {
    public FlowInterruptedException(hudson.model.Result result, boolean actualInterruption, jenkins.model.CauseOfInterruption... causes) {}

    public FlowInterruptedException(hudson.model.Result result, jenkins.model.CauseOfInterruption... causes) {}

    public boolean isActualInterruption() {
        throw new UnsupportedOperationException();
    }

    public hudson.model.Result getResult() {
        throw new UnsupportedOperationException();
    }

    public java.util.List<jenkins.model.CauseOfInterruption> getCauses() {
        throw new UnsupportedOperationException();
    }
}
