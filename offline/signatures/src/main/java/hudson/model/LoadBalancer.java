// Signatures only, written by bin/signatures.
package hudson.model;

public abstract class LoadBalancer implements hudson.ExtensionPoint {
    public LoadBalancer() {}
}
