// Signatures only, written by bin/signatures.
package jenkins.model.queue;

public interface ITask extends jenkins.model.FullyNamedModelObject {
}
