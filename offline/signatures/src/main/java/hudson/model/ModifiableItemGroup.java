// Signatures only, written by bin/signatures.
package hudson.model;

public interface ModifiableItemGroup<T extends hudson.model.Item> extends hudson.model.ItemGroup<T> {
}
