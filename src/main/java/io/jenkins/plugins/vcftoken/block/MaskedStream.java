package io.jenkins.plugins.vcftoken.block;

import hudson.console.LineTransformationOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.util.List;
import java.util.function.Supplier;

/** Asks for the masks line by line, since a step's stream outlives the bearer it began with. */
final class MaskedStream extends LineTransformationOutputStream.Delegating {

    private final Supplier<List<BearerMask>> masks;
    private final Charset charset;

    MaskedStream(OutputStream out, Supplier<List<BearerMask>> masks, Charset charset) {
        super(out);
        this.masks = masks;
        this.charset = charset;
    }

    @Override
    protected void eol(byte[] bytes, int length) throws IOException {
        String line = null;
        String masked = null;
        for (BearerMask mask : masks.get()) {
            if (!mask.isEmpty()) {
                if (line == null) {
                    line = new String(bytes, 0, length, charset);
                    masked = line;
                }
                masked = mask.mask(masked);
            }
        }
        if (masked == null || masked.equals(line)) {
            // What is not changed is not decoded and encoded either.
            out.write(bytes, 0, length);
        } else {
            out.write(masked.getBytes(charset));
        }
    }
}
