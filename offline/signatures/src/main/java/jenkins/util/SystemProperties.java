// Signatures only, written by bin/signatures.
package jenkins.util;

public class SystemProperties {
    private SystemProperties() {}

    public static boolean getBoolean(java.lang.String name, boolean def) {
        throw new UnsupportedOperationException();
    }

    public static java.lang.Integer getInteger(java.lang.String name, java.lang.Integer def) {
        throw new UnsupportedOperationException();
    }
}
