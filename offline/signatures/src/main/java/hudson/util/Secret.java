// Signatures only, written by bin/signatures.
package hudson.util;

public final class Secret implements java.io.Serializable {
    Secret(java.lang.String value) {}

    public boolean equals(java.lang.Object that) {
        throw new UnsupportedOperationException();
    }

    public java.lang.String getEncryptedValue() {
        throw new UnsupportedOperationException();
    }

    public java.lang.String getPlainText() {
        throw new UnsupportedOperationException();
    }

    public static hudson.util.Secret decrypt(java.lang.String data) {
        throw new UnsupportedOperationException();
    }

    public static hudson.util.Secret fromString(java.lang.String data) {
        throw new UnsupportedOperationException();
    }
}
