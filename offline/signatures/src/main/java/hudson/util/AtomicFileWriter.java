// Signatures only, written by bin/signatures.
package hudson.util;

public class AtomicFileWriter extends java.io.Writer {
    public AtomicFileWriter(java.io.File f) throws java.io.IOException {}

    public AtomicFileWriter(java.nio.file.Path destinationPath, java.nio.charset.Charset charset) throws java.io.IOException {}

    public void close() throws java.io.IOException {
        throw new UnsupportedOperationException();
    }

    public void commit() throws java.io.IOException {
        throw new UnsupportedOperationException();
    }

    public void flush() throws java.io.IOException {
        throw new UnsupportedOperationException();
    }

    public void write(char[] cbuf, int off, int len) throws java.io.IOException {
        throw new UnsupportedOperationException();
    }
}
