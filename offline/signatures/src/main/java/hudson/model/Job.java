// Signatures only, written by bin/signatures.
package hudson.model;

public abstract class Job<JobT extends hudson.model.Job<JobT, RunT>, RunT extends hudson.model.Run<JobT, RunT>> extends hudson.model.AbstractItem implements hudson.ExtensionPoint, org.kohsuke.stapler.StaplerOverridable, jenkins.model.ModelObjectWithChildren, jenkins.widgets.HasWidgets {
    protected Job(hudson.model.ItemGroup parent, java.lang.String name) {
        super((hudson.model.ItemGroup) null, (java.lang.String) null);
    }
}
