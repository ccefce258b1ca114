// Signatures only, written by bin/signatures.
package jenkins;

public abstract class MasterToSlaveFileCallable<T> implements jenkins.agents.ControllerToAgentFileCallable<T> {
    public MasterToSlaveFileCallable() {}
}
