// Signatures only, written by bin/signatures.
package jenkins.security;

public class HMACConfidentialKey extends jenkins.security.ConfidentialKey {
    public HMACConfidentialKey(java.lang.Class owner, java.lang.String shortName) {
        super((java.lang.String) null);
    }

    public HMACConfidentialKey(java.lang.String id) {
        super((java.lang.String) null);
    }

    public byte[] mac(byte[] message) {
        throw new UnsupportedOperationException();
    }
}
