// Signatures only, written by bin/signatures.
package org.kohsuke.stapler;

public class HttpResponses {
    public HttpResponses() {}

    public abstract static class HttpResponseException extends java.lang.RuntimeException implements org.kohsuke.stapler.HttpResponse {
        public HttpResponseException() {}
    }

    public static org.kohsuke.stapler.ForwardToView forwardToView(java.lang.Object it, java.lang.String view) {
        throw new UnsupportedOperationException();
    }

    public static org.kohsuke.stapler.HttpRedirect redirectTo(java.lang.String url) {
        throw new UnsupportedOperationException();
    }

    public static org.kohsuke.stapler.HttpResponse redirectToDot() {
        throw new UnsupportedOperationException();
    }

    public static org.kohsuke.stapler.HttpResponses.HttpResponseException redirectViaContextPath(java.lang.String relative) {
        throw new UnsupportedOperationException();
    }
}
