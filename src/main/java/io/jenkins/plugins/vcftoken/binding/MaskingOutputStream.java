package io.jenkins.plugins.vcftoken.binding;

import hudson.console.LineTransformationOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.util.function.UnaryOperator;

/**
 * Masks each line of a log with the access tokens that are known by then: a step's stream outlives the access token
 * that the step started with. Lines that are written together are masked together.
 */
final class MaskingOutputStream extends LineTransformationOutputStream.Delegating {

    /** Limit of bytes that are decoded at one time, unless a single line is longer. */
    private static final int PIECE = 1 << 16;

    private final UnaryOperator<String> mask;
    private final Charset charset;

    /** Whether the superclass has buffered the beginning of a line. */
    private boolean begun;

    /** @param mask called for each line, or for some lines together */
    MaskingOutputStream(OutputStream out, UnaryOperator<String> mask, Charset charset) {
        super(out);
        this.mask = mask;
        this.charset = charset;
    }

    @Override
    public void write(int b) throws IOException {
        super.write(b);
        begun = b != '\n';
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        int at = offset;
        int end = offset + length;
        while (at < end) {
            int lines = begun ? at : afterLastLine(bytes, at, Math.min(end, at + PIECE));
            if (lines > at) {
                mask(bytes, at, lines - at);
                at = lines;
            } else {
                write(bytes[at]);
                at++;
            }
        }
    }

    /** @return the end of the last whole line; {@code begin} when there is none */
    private static int afterLastLine(byte[] bytes, int begin, int end) {
        int at = end;
        while (at > begin && bytes[at - 1] != '\n') {
            at--;
        }
        return at;
    }

    @Override
    protected void eol(byte[] bytes, int length) throws IOException {
        mask(bytes, 0, length);
    }

    private void mask(byte[] bytes, int offset, int length) throws IOException {
        String text = new String(bytes, offset, length, charset);
        String masked = mask.apply(text);
        if (masked.equals(text)) {
            // Unchanged bytes pass as they are, even where they are not valid in this charset.
            out.write(bytes, offset, length);
        } else {
            out.write(masked.getBytes(charset));
        }
    }
}
