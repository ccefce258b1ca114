// Signatures only, written by bin/signatures.
package jakarta.servlet;

public interface ServletResponse {
}
