package io.jenkins.plugins.vcftoken.pipeline;

import hudson.console.LineTransformationOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Asks for the pattern line by line, since a step's stream outlives the bearer it began with. */
final class MaskedStream extends LineTransformationOutputStream.Delegating {

    private final Supplier<Pattern> pattern;
    private final Charset charset;

    MaskedStream(OutputStream out, Supplier<Pattern> pattern, String charset) {
        super(out);
        this.pattern = pattern;
        this.charset = Charset.forName(charset);
    }

    @Override
    protected void eol(byte[] bytes, int length) throws IOException {
        Pattern current = pattern.get();
        if (!current.pattern().isEmpty()) {
            Matcher matcher = current.matcher(new String(bytes, 0, length, charset));
            if (matcher.find()) {
                out.write(matcher.replaceAll(BearerPattern.MASK).getBytes(charset));
                return;
            }
        }
        out.write(bytes, 0, length);
    }
}
