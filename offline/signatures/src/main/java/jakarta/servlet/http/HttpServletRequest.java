// Signatures only, written by bin/signatures.
package jakarta.servlet.http;

public interface HttpServletRequest extends jakarta.servlet.ServletRequest {
    java.lang.String getContextPath();
}
