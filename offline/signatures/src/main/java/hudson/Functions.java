// Signatures only, written by bin/signatures.
package hudson;

public class Functions {
    public Functions() {}

    public static java.lang.String printThrowable(java.lang.Throwable t) {
        throw new UnsupportedOperationException();
    }
}
