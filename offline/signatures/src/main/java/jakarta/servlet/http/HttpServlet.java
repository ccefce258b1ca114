// Signatures only, written by bin/signatures.
package jakarta.servlet.http;

public abstract class HttpServlet extends jakarta.servlet.GenericServlet {
    public HttpServlet() {}
}
