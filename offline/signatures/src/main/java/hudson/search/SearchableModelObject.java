// Signatures only, written by bin/signatures.
package hudson.search;

public interface SearchableModelObject extends hudson.model.ModelObject, hudson.search.SearchItem {
}
