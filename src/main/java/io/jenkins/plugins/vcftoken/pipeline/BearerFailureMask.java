package io.jenkins.plugins.vcftoken.pipeline;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.AbortException;
import hudson.Functions;
import java.io.Serial;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.regex.Pattern;
import org.jenkinsci.plugins.workflow.steps.FailureHandler;
import org.jenkinsci.plugins.workflow.steps.StepContext;

/** Keeps bearers out of what a failed step leaves in the build: messages, causes and suppressed ones. */
final class BearerFailureMask implements FailureHandler {

    @Serial
    private static final long serialVersionUID = 1;

    private final OpenBlock block;

    BearerFailureMask(OpenBlock block) {
        this.block = block;
    }

    @NonNull
    @Override
    public Throwable handle(@NonNull StepContext context, @NonNull Throwable failure) {
        Pattern pattern = block.pattern();
        return pattern.pattern().isEmpty()
                ? failure
                : masked(failure, pattern, Collections.newSetFromMap(new IdentityHashMap<>()));
    }

    /** The very same object where there is nothing to mask, so that code that asks for its type goes on working. */
    private static Throwable masked(Throwable failure, Pattern pattern, Set<Throwable> seen) {
        if (!seen.add(failure)) {
            return new MaskedFailure("(circular)");
        }
        if (!pattern.matcher(Functions.printThrowable(failure)).find()) {
            return failure;
        }
        String message = failure.getMessage() == null
                ? ""
                : pattern.matcher(failure.getMessage()).replaceAll(BearerPattern.MASK);
        Throwable replacement = failure instanceof AbortException
                ? new AbortException(message)
                : new MaskedFailure(failure.getClass().getName() + ": " + message);
        replacement.setStackTrace(failure.getStackTrace());
        if (failure.getCause() != null) {
            replacement.initCause(masked(failure.getCause(), pattern, seen));
        }
        for (Throwable suppressed : failure.getSuppressed()) {
            replacement.addSuppressed(masked(suppressed, pattern, seen));
        }
        return replacement;
    }

    /** In place of an exception whose text had a bearer in it. */
    private static final class MaskedFailure extends Exception {
        @Serial
        private static final long serialVersionUID = 1;

        MaskedFailure(String message) {
            super(message);
        }
    }
}
