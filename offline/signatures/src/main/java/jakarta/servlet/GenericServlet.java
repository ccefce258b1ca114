// Signatures only, written by bin/signatures.
package jakarta.servlet;

public abstract class GenericServlet implements jakarta.servlet.Servlet, jakarta.servlet.ServletConfig, java.io.Serializable {
    public GenericServlet() {}
}
