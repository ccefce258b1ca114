// Signatures only, written by bin/signatures.
package jenkins.triggers;

public interface TriggeredItem extends hudson.model.Item {
}
