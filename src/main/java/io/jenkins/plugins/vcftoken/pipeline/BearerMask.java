package io.jenkins.plugins.vcftoken.pipeline;

import hudson.console.ConsoleLogFilter;
import hudson.model.AbstractBuild;
import hudson.remoting.Channel;
import hudson.util.Secret;
import java.io.OutputStream;
import java.io.Serial;
import java.io.Serializable;
import java.util.regex.Pattern;

/** Masks in the log every bearer the block has seen so far, those that came while a step was running included. */
final class BearerMask extends ConsoleLogFilter implements Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    private final OpenBlock block;

    BearerMask(OpenBlock block) {
        this.block = block;
    }

    @Override
    public OutputStream decorateLogger(@SuppressWarnings("rawtypes") AbstractBuild build, OutputStream logger) {
        return new MaskedStream(logger, block::pattern, block.charset());
    }

    /** An agent gets what can be known now; it cannot ask the controller for each line. */
    @Serial
    private Object writeReplace() {
        return Channel.current() == null ? this : new OnAgent(block.pattern(), block.charset());
    }

    /** The mask of an agent: the bearers up to now, and the shape of those to come. */
    private static final class OnAgent extends ConsoleLogFilter implements Serializable {

        @Serial
        private static final long serialVersionUID = 1;

        private static final String ANY_JWT = "eyJ[A-Za-z0-9_-]{8,}\\.eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]*";

        private final Secret pattern;
        private final String charset;

        OnAgent(Pattern known, String charset) {
            this.pattern = Secret.fromString(known.pattern().isEmpty() ? ANY_JWT : known.pattern() + '|' + ANY_JWT);
            this.charset = charset;
        }

        @Override
        public OutputStream decorateLogger(@SuppressWarnings("rawtypes") AbstractBuild build, OutputStream logger) {
            Pattern compiled = Pattern.compile(pattern.getPlainText());
            return new MaskedStream(logger, () -> compiled, charset);
        }
    }
}
