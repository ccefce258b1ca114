// Signatures only, written by bin/signatures.
package org.kohsuke.stapler;

public class Stapler extends jakarta.servlet.http.HttpServlet {
    public Stapler() {}

    public static org.kohsuke.stapler.StaplerRequest2 getCurrentRequest2() {
        throw new UnsupportedOperationException();
    }

    public static org.kohsuke.stapler.StaplerResponse2 getCurrentResponse2() {
        throw new UnsupportedOperationException();
    }
}
