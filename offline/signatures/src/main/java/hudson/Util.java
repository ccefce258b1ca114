// Signatures only, written by bin/signatures.
package hudson;

public class Util {
    public Util() {}

    public static <T> java.util.List<T> fixNull(java.util.List<T> l) {
        throw new UnsupportedOperationException();
    }

    public static java.lang.String fixEmpty(java.lang.String s) {
        throw new UnsupportedOperationException();
    }

    public static java.lang.String fixEmptyAndTrim(java.lang.String s) {
        throw new UnsupportedOperationException();
    }

    public static java.lang.String fixNull(java.lang.String s) {
        throw new UnsupportedOperationException();
    }

    public static java.lang.String getTimeSpanString(long duration) {
        throw new UnsupportedOperationException();
    }

    public static java.lang.String rawEncode(java.lang.String s) {
        throw new UnsupportedOperationException();
    }
}
