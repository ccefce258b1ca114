// Signatures only, written by bin/signatures.
package jenkins.security;

public abstract class ConfidentialKey {
    protected ConfidentialKey(java.lang.String id) {}
}
