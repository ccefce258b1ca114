// Signatures only, written by bin/signatures.
package org.kohsuke.stapler;

public interface StaplerRequest2 extends jakarta.servlet.http.HttpServletRequest {
    <T> T findAncestorObject(java.lang.Class<T> type);

    net.sf.json.JSONObject getSubmittedForm() throws jakarta.servlet.ServletException;
}
