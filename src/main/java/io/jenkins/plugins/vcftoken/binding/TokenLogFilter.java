package io.jenkins.plugins.vcftoken.binding;

import hudson.console.ConsoleLogFilter;
import hudson.model.AbstractBuild;
import hudson.remoting.Channel;
import hudson.util.Secret;
import java.io.OutputStream;
import java.io.Serial;
import java.io.Serializable;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/** Masks in the log every access token the block has seen so far, those that came while a step was running included. */
public final class TokenLogFilter extends ConsoleLogFilter implements Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    private final TokenBlock block;

    public TokenLogFilter(TokenBlock block) {
        this.block = block;
    }

    /** For a log that is opened before its blocks are. */
    public static OutputStream masked(
            OutputStream logger, Charset charset, Supplier<? extends List<TokenBlock>> blocks) {
        return new MaskingOutputStream(
                logger, () -> blocks.get().stream().map(TokenBlock::mask).toList(), charset);
    }

    @Override
    @SuppressWarnings("rawtypes") // as Jenkins declares what this overrides
    public OutputStream decorateLogger(AbstractBuild build, OutputStream logger) {
        return new MaskingOutputStream(logger, () -> List.of(block.mask()), Charset.forName(block.charset()));
    }

    /** An agent gets what can be known now; it cannot ask the controller for each line. */
    @Serial
    private Object writeReplace() {
        return Channel.current() == null ? this : new OnAgent(block.issued().texts(), block.charset());
    }

    /** The mask of an agent: the access tokens up to now, and the shape of those to come. */
    private static final class OnAgent extends ConsoleLogFilter implements Serializable {

        @Serial
        private static final long serialVersionUID = 1;

        @SuppressWarnings("serial") // the list that is in it is serializable, which newer compilers doubt
        private final List<Secret> forms = new ArrayList<>();

        private final Secret shape;
        private final String charset;

        OnAgent(List<String> accessTokens, String charset) {
            IssuedTokens.formsOf(accessTokens).forEach(form -> forms.add(Secret.fromString(form)));
            this.shape = Secret.fromString(TokenPattern.like(accessTokens).pattern());
            this.charset = charset;
        }

        @Override
        @SuppressWarnings("rawtypes") // as Jenkins declares what this overrides
        public OutputStream decorateLogger(AbstractBuild build, OutputStream logger) {
            TokenMasker mask = new TokenMasker(
                    forms.stream().map(Secret::getPlainText).toList(), Pattern.compile(shape.getPlainText()));
            return new MaskingOutputStream(logger, () -> List.of(mask), Charset.forName(charset));
        }
    }
}
