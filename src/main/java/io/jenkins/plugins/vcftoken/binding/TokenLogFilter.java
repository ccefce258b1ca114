package io.jenkins.plugins.vcftoken.binding;

import hudson.console.ConsoleLogFilter;
import hudson.model.AbstractBuild;
import hudson.remoting.Channel;
import java.io.OutputStream;
import java.io.Serial;
import java.io.Serializable;
import java.nio.charset.Charset;
import java.util.List;
import java.util.regex.Pattern;

/** Masks all tokens of a block in the logs of its steps, including tokens that are issued while a step runs. */
public final class TokenLogFilter extends ConsoleLogFilter implements Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    private final TokenBlock block;

    public TokenLogFilter(TokenBlock block) {
        this.block = block;
    }

    @Override
    @SuppressWarnings("rawtypes") // raw type in the overridden method
    public OutputStream decorateLogger(AbstractBuild build, OutputStream logger) {
        return new MaskingOutputStream(logger, text -> block.masker().mask(text), block.charset());
    }

    /** An agent cannot query the controller for each line. It gets the current tokens and a pattern for later ones. */
    @Serial
    private Object writeReplace() {
        return Channel.current() == null ? this : new OnAgent(block);
    }

    private static final class OnAgent extends ConsoleLogFilter implements Serializable {

        @Serial
        private static final long serialVersionUID = 1;

        private final String[] forms;
        private final String jwtPattern;
        private final String charset;

        OnAgent(TokenBlock block) {
            List<String> accessTokens = block.issued().values();
            this.forms = TokenEncodings.of(accessTokens).toArray(String[]::new);
            this.jwtPattern = TokenEncodings.jwtPattern(accessTokens).pattern();
            this.charset = block.charset().name();
        }

        @Override
        @SuppressWarnings("rawtypes") // raw type in the overridden method
        public OutputStream decorateLogger(AbstractBuild build, OutputStream logger) {
            TokenMasker masker = new TokenMasker(List.of(forms), Pattern.compile(jwtPattern));
            return new MaskingOutputStream(logger, masker::mask, Charset.forName(charset));
        }
    }
}
