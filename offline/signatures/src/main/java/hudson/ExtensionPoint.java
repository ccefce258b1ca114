// Signatures only, written by bin/signatures.
package hudson;

public interface ExtensionPoint {
}
