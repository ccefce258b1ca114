// Signatures only, written by bin/signatures.
package hudson;

public final class XmlFile {
    public XmlFile(java.io.File file) {}
}
