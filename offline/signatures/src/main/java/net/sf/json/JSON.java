// Signatures only, written by bin/signatures.
package net.sf.json;

public interface JSON extends java.io.Serializable {
}
