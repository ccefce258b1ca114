// Signatures only, written by bin/signatures.
package jenkins.security;

public class FIPS140 {
    public FIPS140() {}

    public static boolean useCompliantAlgorithms() {
        throw new UnsupportedOperationException();
    }
}
