// Signatures only, written by bin/signatures.
package hudson.model;

public abstract class AbstractBuild<P extends hudson.model.AbstractProject<P, R>, R extends hudson.model.AbstractBuild<P, R>> extends hudson.model.Run<P, R> implements hudson.model.Queue.Executable, jenkins.model.lazy.LazyBuildMixIn.LazyLoadingRun<P, R>, jenkins.scm.RunWithSCM<P, R> {
    protected AbstractBuild(P job) throws java.io.IOException {
        super((P) null);
    }

    public final hudson.FilePath getWorkspace() {
        throw new UnsupportedOperationException();
    }

    public java.lang.String getBuiltOnStr() {
        throw new UnsupportedOperationException();
    }
}
