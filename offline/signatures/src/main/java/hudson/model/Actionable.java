// Signatures only, written by bin/signatures.
package hudson.model;

public abstract class Actionable extends hudson.model.AbstractModelObject implements jenkins.model.ModelObjectWithContextMenu {
    public Actionable() {}
}
