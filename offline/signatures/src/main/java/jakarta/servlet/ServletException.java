// Signatures only, written by bin/signatures.
package jakarta.servlet;

public class ServletException extends java.lang.Exception {
    public ServletException() {}
}
