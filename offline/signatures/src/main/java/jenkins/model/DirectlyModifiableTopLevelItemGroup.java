// Signatures only, written by bin/signatures.
package jenkins.model;

public interface DirectlyModifiableTopLevelItemGroup extends jenkins.model.ModifiableTopLevelItemGroup {
}
