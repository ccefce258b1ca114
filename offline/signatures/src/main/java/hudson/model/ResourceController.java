// Signatures only, written by bin/signatures.
package hudson.model;

public class ResourceController {
    public ResourceController() {}
}
