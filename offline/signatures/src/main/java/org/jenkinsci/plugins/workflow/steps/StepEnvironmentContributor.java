// Signatures only, written by bin/signatures.
package org.jenkinsci.plugins.workflow.steps;

public abstract class StepEnvironmentContributor implements hudson.ExtensionPoint {
    public StepEnvironmentContributor() {}

    public void buildEnvironmentFor(org.jenkinsci.plugins.workflow.steps.StepContext stepContext, hudson.EnvVars envs, hudson.model.TaskListener listener) throws java.io.IOException, java.lang.InterruptedException {
        throw new UnsupportedOperationException();
    }
}
