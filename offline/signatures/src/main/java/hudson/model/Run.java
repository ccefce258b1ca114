// Signatures only, written by bin/signatures.
package hudson.model;

public abstract class Run<JobT extends hudson.model.Job<JobT, RunT>, RunT extends hudson.model.Run<JobT, RunT>> extends hudson.model.Actionable implements hudson.ExtensionPoint, java.lang.Comparable<RunT>, hudson.security.AccessControlled, hudson.model.PersistenceRoot, hudson.model.DescriptorByNameOwner, jenkins.util.io.OnMaster, org.kohsuke.stapler.StaplerProxy, jenkins.model.HistoricalBuild, jenkins.console.WithConsoleUrl {
    protected Run(JobT job) throws java.io.IOException {}

    public <T extends hudson.model.Cause> T getCause(java.lang.Class<T> type) {
        throw new UnsupportedOperationException();
    }

    public JobT getParent() {
        throw new UnsupportedOperationException();
    }

    public boolean isBuilding() {
        throw new UnsupportedOperationException();
    }

    public final java.nio.charset.Charset getCharset() {
        throw new UnsupportedOperationException();
    }

    public int compareTo(RunT that) {
        throw new UnsupportedOperationException();
    }

    public int getNumber() {
        throw new UnsupportedOperationException();
    }

    public java.lang.Object getTarget() {
        throw new UnsupportedOperationException();
    }

    public java.lang.String getDisplayName() {
        throw new UnsupportedOperationException();
    }

    public java.lang.String getExternalizableId() {
        throw new UnsupportedOperationException();
    }

    public java.lang.String getFullDisplayName() {
        throw new UnsupportedOperationException();
    }

    public java.lang.String getUrl() {
        throw new UnsupportedOperationException();
    }

    public static final class RunnerAbortedException extends java.lang.RuntimeException {
        public RunnerAbortedException() {}
    }

    public static hudson.model.Run<?, ?> fromExternalizableId(java.lang.String id) throws java.lang.IllegalArgumentException, org.springframework.security.access.AccessDeniedException {
        throw new UnsupportedOperationException();
    }
}
