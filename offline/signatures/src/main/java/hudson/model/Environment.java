// Signatures only, written by bin/signatures.
package hudson.model;

public abstract class Environment {
    public Environment() {}

    public boolean tearDown(hudson.model.AbstractBuild build, hudson.model.BuildListener listener) throws java.io.IOException, java.lang.InterruptedException {
        throw new UnsupportedOperationException();
    }

    public void buildEnvVars(java.util.Map<java.lang.String, java.lang.String> env) {
        throw new UnsupportedOperationException();
    }
}
