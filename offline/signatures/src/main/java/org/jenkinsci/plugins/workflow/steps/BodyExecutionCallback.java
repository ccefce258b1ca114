// Signatures only, written by bin/signatures.
package org.jenkinsci.plugins.workflow.steps;

public abstract class BodyExecutionCallback implements java.io.Serializable {
    public BodyExecutionCallback() {}
}
