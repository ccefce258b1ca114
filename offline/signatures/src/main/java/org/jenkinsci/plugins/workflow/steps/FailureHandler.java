// Signatures only, written by bin/signatures.
package org.jenkinsci.plugins.workflow.steps;

public interface FailureHandler extends java.io.Serializable {
    java.lang.Throwable handle(org.jenkinsci.plugins.workflow.steps.StepContext ctx, java.lang.Throwable t);

    static org.jenkinsci.plugins.workflow.steps.FailureHandler merge(org.jenkinsci.plugins.workflow.steps.FailureHandler original, org.jenkinsci.plugins.workflow.steps.FailureHandler subsequent) {
        throw new UnsupportedOperationException();
    }
}
