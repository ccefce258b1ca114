// Signatures only, written by bin/signatures.
package org.jenkinsci.plugins.workflow.steps;

public abstract class StepDescriptor extends hudson.model.Descriptor<org.jenkinsci.plugins.workflow.steps.Step> {
    public StepDescriptor() {}

    public abstract java.lang.String getFunctionName();

    public abstract java.util.Set<? extends java.lang.Class<?>> getRequiredContext();

    public boolean takesImplicitBlockArgument() {
        throw new UnsupportedOperationException();
    }

    public java.util.Set<? extends java.lang.Class<?>> getProvidedContext() {
        throw new UnsupportedOperationException();
    }
}
