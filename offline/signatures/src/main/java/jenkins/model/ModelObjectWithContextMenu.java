// Signatures only, written by bin/signatures.
package jenkins.model;

public interface ModelObjectWithContextMenu extends hudson.model.ModelObject {
}
