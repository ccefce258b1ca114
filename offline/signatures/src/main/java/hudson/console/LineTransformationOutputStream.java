// Signatures only, written by bin/signatures.
package hudson.console;

public abstract class LineTransformationOutputStream extends java.io.OutputStream {
    public LineTransformationOutputStream() {}

    protected abstract void eol(byte[] b, int len) throws java.io.IOException;

    public abstract static class Delegating extends hudson.console.LineTransformationOutputStream {
        protected final java.io.OutputStream out = null;

        protected Delegating(java.io.OutputStream out) {}

        public void close() throws java.io.IOException {
            throw new UnsupportedOperationException();
        }

        public void flush() throws java.io.IOException {
            throw new UnsupportedOperationException();
        }
    }

    public void close() throws java.io.IOException {
        throw new UnsupportedOperationException();
    }

    public void write(byte[] b, int off, int len) throws java.io.IOException {
        throw new UnsupportedOperationException();
    }

    public void write(int b) throws java.io.IOException {
        throw new UnsupportedOperationException();
    }
}
