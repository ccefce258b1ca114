// Signatures only, written by bin/signatures.
package org.kohsuke.stapler;

public class ForwardToView extends java.lang.RuntimeException implements org.kohsuke.stapler.HttpResponse {
    public ForwardToView(jakarta.servlet.RequestDispatcher dispatcher) {}
}
