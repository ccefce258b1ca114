// Signatures only, written by bin/signatures.
package hudson;

public class AbortException extends java.io.IOException {
    public AbortException() {}

    public AbortException(java.lang.String message) {}
}
