// Signatures only, written by bin/signatures.
package org.kohsuke.stapler;

public class HttpResponses {
    public HttpResponses() {}

    public static org.kohsuke.stapler.ForwardToView forwardToView(java.lang.Object it, java.lang.String view) {
        throw new UnsupportedOperationException();
    }

    public static org.kohsuke.stapler.HttpResponse redirectToDot() {
        throw new UnsupportedOperationException();
    }
}
