// Signatures only, written by bin/signatures.
package hudson.tasks;

public abstract class BuildWrapper implements hudson.model.Describable<hudson.tasks.BuildWrapper>, hudson.ExtensionPoint {
    public BuildWrapper() {}

    public abstract class Environment extends hudson.model.Environment {
        public Environment() {}

        public boolean tearDown(hudson.model.AbstractBuild build, hudson.model.BuildListener listener) throws java.io.IOException, java.lang.InterruptedException {
            throw new UnsupportedOperationException();
        }
    }

    public hudson.tasks.BuildWrapper.Environment setUp(hudson.model.AbstractBuild build, hudson.Launcher launcher, hudson.model.BuildListener listener) throws java.io.IOException, java.lang.InterruptedException {
        throw new UnsupportedOperationException();
    }

    public java.io.OutputStream decorateLogger(hudson.model.AbstractBuild build, java.io.OutputStream logger) throws java.io.IOException, java.lang.InterruptedException, hudson.model.Run.RunnerAbortedException {
        throw new UnsupportedOperationException();
    }

    public void makeSensitiveBuildVariables(hudson.model.AbstractBuild build, java.util.Set<java.lang.String> sensitiveVariables) {
        throw new UnsupportedOperationException();
    }
}
