// Signatures only, written by bin/signatures.
package jakarta.servlet.http;

public interface HttpServletResponse extends jakarta.servlet.ServletResponse {
    int SC_BAD_REQUEST = 400;

    void setStatus(int arg0);
}
