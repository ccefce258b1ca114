// Signatures only, written by bin/signatures.
package hudson.model;

public interface BuildListener extends hudson.model.TaskListener {
}
