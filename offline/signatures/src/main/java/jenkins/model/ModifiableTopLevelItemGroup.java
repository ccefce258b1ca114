// Signatures only, written by bin/signatures.
package jenkins.model;

public interface ModifiableTopLevelItemGroup extends hudson.model.ModifiableItemGroup<hudson.model.TopLevelItem> {
}
