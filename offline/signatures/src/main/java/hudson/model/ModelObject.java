// Signatures only, written by bin/signatures.
package hudson.model;

public interface ModelObject {
    java.lang.String getDisplayName();
}
