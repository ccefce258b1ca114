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

/** Masks tokens in the exceptions that Pipeline saves: in messages, causes and suppressed exceptions. */
final class ExceptionMasker implements FailureHandler {

    @Serial
    private static final long serialVersionUID = 1;

    private final TokenBlock block;

    ExceptionMasker(TokenBlock block) {
        this.block = block;
    }

    @NonNull
    @Override
    public Throwable handle(@NonNull StepContext context, @NonNull Throwable failure) {
        return mask(failure, block.masker(), Collections.newSetFromMap(new IdentityHashMap<>()));
    }

    /** @return the same object if it contains no token, to preserve its type */
    private static Throwable mask(Throwable failure, TokenMasker masker, Set<Throwable> seen) {
        if (!seen.add(failure)) {
            return new MaskedException("(circular)");
        }
        if (!masker.matches(Functions.printThrowable(failure))) {
            return failure;
        }
        String message = masker.mask(String.valueOf(failure.getMessage()));
        Throwable masked;
        if (failure instanceof FlowInterruptedException interruption) {
            // Preserves the result of the build.
            masked = new FlowInterruptedException(
                    interruption.getResult(),
                    interruption.isActualInterruption(),
                    interruption.getCauses().stream()
                            .filter(cause -> !masker.matches(cause.getShortDescription()))
                            .toArray(CauseOfInterruption[]::new));
        } else if (failure instanceof AbortException) {
            masked = new AbortException(message);
        } else {
            masked = new MaskedException(failure.getClass().getName() + ": " + message);
        }
        masked.setStackTrace(failure.getStackTrace());
        if (failure.getCause() != null) {
            masked.initCause(mask(failure.getCause(), masker, seen));
        }
        for (Throwable suppressed : failure.getSuppressed()) {
            masked.addSuppressed(mask(suppressed, masker, seen));
        }
        return masked;
    }

    /** Replaces an exception that contains a token. */
    private static final class MaskedException extends Exception {
        @Serial
        private static final long serialVersionUID = 1;

        MaskedException(String message) {
            super(message);
        }
    }
}
