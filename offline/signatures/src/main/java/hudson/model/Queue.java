// Signatures only, written by bin/signatures.
package hudson.model;

public class Queue extends hudson.model.ResourceController implements hudson.model.Saveable {
    public Queue(hudson.model.LoadBalancer loadBalancer) {}

    public interface Executable extends java.lang.Runnable, jenkins.console.WithConsoleUrl {
    }

    public interface Task extends jenkins.model.FullyNamedModelObject, hudson.model.queue.SubTask {
    }
}
