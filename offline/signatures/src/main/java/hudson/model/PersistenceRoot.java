// Signatures only, written by bin/signatures.
package hudson.model;

public interface PersistenceRoot extends hudson.model.Saveable {
}
