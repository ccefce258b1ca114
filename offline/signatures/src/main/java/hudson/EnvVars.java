// Signatures only, written by bin/signatures.
package hudson;

public class EnvVars extends java.util.TreeMap<java.lang.String, java.lang.String> {
    public EnvVars() {}

    public java.lang.String put(java.lang.String key, java.lang.String value) {
        throw new UnsupportedOperationException();
    }

    public void addLine(java.lang.String line) {
        throw new UnsupportedOperationException();
    }
}
