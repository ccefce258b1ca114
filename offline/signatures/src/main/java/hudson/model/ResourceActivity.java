// Signatures only, written by bin/signatures.
package hudson.model;

public interface ResourceActivity extends hudson.model.ModelObject {
}
