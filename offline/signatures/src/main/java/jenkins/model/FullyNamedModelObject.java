// Signatures only, written by bin/signatures.
package jenkins.model;

public interface FullyNamedModelObject extends hudson.model.ModelObject {
}
