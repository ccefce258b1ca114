// Signatures only, written by bin/signatures.
package hudson.init;

public enum TermMilestone implements org.jvnet.hudson.reactor.Milestone {
    STARTED,
    COMPLETED;
}
