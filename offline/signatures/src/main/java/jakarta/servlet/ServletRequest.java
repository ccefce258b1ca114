// Signatures only, written by bin/signatures.
package jakarta.servlet;

public interface ServletRequest {
    java.lang.String getContentType();

    java.lang.String getParameter(java.lang.String arg0);

    java.lang.String[] getParameterValues(java.lang.String arg0);

    java.util.Map<java.lang.String, java.lang.String[]> getParameterMap();
}
