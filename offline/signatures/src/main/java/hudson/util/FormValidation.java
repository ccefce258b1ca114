// Signatures only, written by bin/signatures.
package hudson.util;

public abstract class FormValidation extends java.io.IOException implements org.kohsuke.stapler.HttpResponse {
    public final hudson.util.FormValidation.Kind kind = null;

    private FormValidation(hudson.util.FormValidation.Kind kind) {}

    public enum Kind {
        OK,
        WARNING,
        ERROR;
    }

    public static hudson.util.FormValidation error(java.lang.String message) {
        throw new UnsupportedOperationException();
    }

    public static hudson.util.FormValidation ok() {
        throw new UnsupportedOperationException();
    }

    public static hudson.util.FormValidation ok(java.lang.String message) {
        throw new UnsupportedOperationException();
    }

    public static hudson.util.FormValidation validateNonNegativeInteger(java.lang.String value) {
        throw new UnsupportedOperationException();
    }

    public static hudson.util.FormValidation warning(java.lang.String message) {
        throw new UnsupportedOperationException();
    }
}
