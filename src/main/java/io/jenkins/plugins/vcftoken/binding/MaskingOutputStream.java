package io.jenkins.plugins.vcftoken.binding;

import hudson.console.LineTransformationOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.util.List;
import java.util.function.Supplier;

/**
 * Asks for the masks with each line, since a step's stream outlives the access token it began with. Lines that come together
 * are masked together: nothing that is looked for goes beyond a line.
 */
final class MaskingOutputStream extends LineTransformationOutputStream.Delegating {

    /** More is not turned into text at one time. */
    private static final int PIECE = 1 << 16;

    private final Supplier<List<TokenMasker>> masks;
    private final Charset charset;

    /** Whether the superclass has the beginning of a line. */
    private boolean begun;

    MaskingOutputStream(OutputStream out, Supplier<List<TokenMasker>> masks, Charset charset) {
        super(out);
        this.masks = masks;
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

    /** @return where the last whole line ends; the beginning when there is none */
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
        String text = null;
        String masked = null;
        for (TokenMasker mask : masks.get()) {
            if (!mask.isEmpty()) {
                if (text == null) {
                    text = new String(bytes, offset, length, charset);
                    masked = text;
                }
                masked = mask.mask(masked);
            }
        }
        if (masked == null || masked.equals(text)) {
            // What is not changed is not encoded again.
            out.write(bytes, offset, length);
        } else {
            out.write(masked.getBytes(charset));
        }
    }
}
