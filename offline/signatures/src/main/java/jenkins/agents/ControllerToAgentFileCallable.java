// Signatures only, written by bin/signatures.
package jenkins.agents;

public interface ControllerToAgentFileCallable<T> extends hudson.FilePath.FileCallable<T> {
}
