// Signatures only, written by bin/signatures.
package hudson.model;

public interface ItemGroup<T extends hudson.model.Item> extends jenkins.model.FullyNamed, jenkins.model.FullyNamedModelObject, hudson.model.PersistenceRoot {
    default <T extends hudson.model.Item> java.lang.Iterable<T> allItems(java.lang.Class<T> type, java.util.function.Predicate<T> pred) {
        throw new UnsupportedOperationException();
    }
}
