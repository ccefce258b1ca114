package io.jenkins.plugins.vcftoken.block;

import hudson.console.LineTransformationOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.util.function.Supplier;

/** Asks for the mask line by line, since a step's stream outlives the bearer it began with. */
final class MaskedStream extends LineTransformationOutputStream.Delegating {

    private final Supplier<BearerMask> mask;
    private final Charset charset;

    MaskedStream(OutputStream out, Supplier<BearerMask> mask, Charset charset) {
        super(out);
        this.mask = mask;
        this.charset = charset;
    }

    @Override
    protected void eol(byte[] bytes, int length) throws IOException {
        BearerMask current = mask.get();
        if (!current.isEmpty()) {
            String line = new String(bytes, 0, length, charset);
            String masked = current.mask(line);
            if (!masked.equals(line)) {
                out.write(masked.getBytes(charset));
                return;
            }
        }
        out.write(bytes, 0, length);
    }
}
