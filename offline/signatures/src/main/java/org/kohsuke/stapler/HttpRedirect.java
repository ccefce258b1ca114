// Signatures only, written by bin/signatures.
package org.kohsuke.stapler;

public final class HttpRedirect extends java.lang.RuntimeException implements org.kohsuke.stapler.HttpResponse {
    public HttpRedirect(java.lang.String url) {}
}
