// Signatures only, written by bin/signatures.
package hudson.model;

public interface Saveable {
}
