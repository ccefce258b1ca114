package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.AbortException;
import hudson.Functions;
import java.io.Serial;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import jenkins.model.CauseOfInterruption;
import org.jenkinsci.plugins.workflow.steps.FailureHandler;
import org.jenkinsci.plugins.workflow.steps.FlowInterruptedException;
import org.jenkinsci.plugins.workflow.steps.StepContext;

/** Keeps access tokens out of what a failed step leaves in the build: messages, causes and suppressed ones. */
final class MaskingFailureHandler implements FailureHandler {

    @Serial
    private static final long serialVersionUID = 1;

    private final TokenBlock block;

    MaskingFailureHandler(TokenBlock block) {
        this.block = block;
    }

    @NonNull
    @Override
    public Throwable handle(@NonNull StepContext context, @NonNull Throwable failure) {
        return masked(failure, block.mask(), Collections.newSetFromMap(new IdentityHashMap<>()));
    }

    /** The very same object where there is nothing to mask, so that code that asks for its type goes on working. */
    private static Throwable masked(Throwable failure, TokenMasker mask, Set<Throwable> seen) {
        if (!seen.add(failure)) {
            return new MaskedFailure("(circular)");
        }
        if (!mask.matches(Functions.printThrowable(failure))) {
            return failure;
        }
        String message = mask.mask(String.valueOf(failure.getMessage()));
        Throwable replacement;
        if (failure instanceof FlowInterruptedException interruption) {
            // The build's result comes from this one.
            replacement = new FlowInterruptedException(
                    interruption.getResult(),
                    interruption.isActualInterruption(),
                    forNonRotatingSecret(interruption, mask));
        } else if (failure instanceof AbortException) {
            replacement = new AbortException(message);
        } else {
            replacement = new MaskedFailure(failure.getClass().getName() + ": " + message);
        }
        replacement.setStackTrace(failure.getStackTrace());
        if (failure.getCause() != null) {
            replacement.initCause(masked(failure.getCause(), mask, seen));
        }
        for (Throwable suppressed : failure.getSuppressed()) {
            replacement.addSuppressed(masked(suppressed, mask, seen));
        }
        return replacement;
    }

    /** Who or what interrupted it, which Jenkins notes with the build. */
    private static CauseOfInterruption[] forNonRotatingSecret(FlowInterruptedException interruption, TokenMasker mask) {
        return interruption.getCauses().stream()
                .filter(cause -> !mask.matches(cause.getShortDescription()))
                .toArray(CauseOfInterruption[]::new);
    }

    /** In place of an exception whose text had an access token in it. */
    private static final class MaskedFailure extends Exception {
        @Serial
        private static final long serialVersionUID = 1;

        MaskedFailure(String message) {
            super(message);
        }
    }
}
