// Signatures only, written by bin/signatures.
package org.jenkinsci.plugins.workflow.steps;

public abstract class EnvironmentExpander implements java.io.Serializable {
    public EnvironmentExpander() {}

    public abstract void expand(hudson.EnvVars env) throws java.io.IOException, java.lang.InterruptedException;

    public java.util.Set<java.lang.String> getSensitiveVariables() {
        throw new UnsupportedOperationException();
    }

    public static org.jenkinsci.plugins.workflow.steps.EnvironmentExpander merge(org.jenkinsci.plugins.workflow.steps.EnvironmentExpander original, org.jenkinsci.plugins.workflow.steps.EnvironmentExpander subsequent) {
        throw new UnsupportedOperationException();
    }
}
