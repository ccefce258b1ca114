// Signatures only, written by bin/signatures.
package hudson.model;

public interface TopLevelItem extends hudson.model.Item, hudson.ExtensionPoint, hudson.model.Describable<hudson.model.TopLevelItem> {
}
