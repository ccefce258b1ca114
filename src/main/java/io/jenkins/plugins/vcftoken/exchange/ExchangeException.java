package io.jenkins.plugins.vcftoken.exchange;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An exchange that brought no bearer. The subclass says what that means for the secret that was sent: only after
 * {@link OutcomeUnknown} and {@link Unintelligible} may the server have consumed it. Messages are free of secrets.
 */
public abstract sealed class ExchangeException extends Exception {

    private static final long serialVersionUID = 1;

    private static final Pattern STATUS = Pattern.compile("HTTP \\d{3}");

    private final Problem problem;
    private final String detail;

    private ExchangeException(Problem problem, String detail, @CheckForNull Throwable cause) {
        super(problem.meaning() + " (" + detail + ")", cause);
        this.problem = problem;
        this.detail = detail;
    }

    public Problem problem() {
        return problem;
    }

    /** What was seen, for example "HTTP 400, invalid_grant: Invalid refresh token". */
    public String detail() {
        return detail;
    }

    /**
     * How long the server asks to be left alone.
     *
     * @return zero where it does not say
     */
    public Duration retryAfter() {
        return Duration.ZERO;
    }

    /** The same, in words that do not alarm those whose secret cannot have been spent. */
    ExchangeException harmless() {
        return this;
    }

    /** The same without a word of what the server said, for those who may have made up the server. */
    final ExchangeException wordless() {
        Matcher status = STATUS.matcher(detail);
        return status.lookingAt() ? saying(status.group()) : this;
    }

    /** The same with another detail, and without a cause. */
    abstract ExchangeException saying(String other);

    /** The server understood and said no; the secret was not consumed by this request. */
    public static final class Refused extends ExchangeException {
        private static final long serialVersionUID = 1;

        public Refused(Problem problem, String detail) {
            super(problem, detail, null);
        }

        /** Whether the same secret is better not sent again: it will not succeed, or will lock the account. */
        public boolean isFinal() {
            return switch (problem()) {
                case SPENT_OR_REVOKED, API_TOKEN_REFUSED, WRONG_SECRET, LOCKED_OUT -> true;
                default -> false;
            };
        }

        @Override
        ExchangeException saying(String other) {
            return new Refused(problem(), other);
        }
    }

    /** Not one byte of the secret left this controller. Safe to try again. */
    public static final class NotSent extends ExchangeException {
        private static final long serialVersionUID = 1;

        public NotSent(Problem problem, String detail, @CheckForNull Throwable cause) {
            super(problem, detail, cause);
        }

        @Override
        ExchangeException saying(String other) {
            return new NotSent(problem(), other, null);
        }
    }

    /** HTTP 429: the server declined to look at the request for now. Safe to try again, not before {@link #retryAfter()}. */
    public static final class Throttled extends ExchangeException {
        private static final long serialVersionUID = 1;
        private final Duration retryAfter;

        public Throttled(String detail, Duration retryAfter) {
            super(Problem.THROTTLED, detail, null);
            this.retryAfter = retryAfter;
        }

        @Override
        public Duration retryAfter() {
            return retryAfter;
        }

        @Override
        ExchangeException saying(String other) {
            return new Throttled(other, retryAfter);
        }
    }

    /** The secret may have reached the server, the answer did not reach us. Not safe for what rotates. */
    public static final class OutcomeUnknown extends ExchangeException {
        private static final long serialVersionUID = 1;
        private final Duration retryAfter;

        public OutcomeUnknown(String detail, @CheckForNull Throwable cause) {
            this(detail, cause, Duration.ZERO);
        }

        /** @param retryAfter zero where the server does not say */
        public OutcomeUnknown(String detail, @CheckForNull Throwable cause, Duration retryAfter) {
            this(Problem.OUTCOME_UNKNOWN, detail, cause, retryAfter);
        }

        private OutcomeUnknown(Problem problem, String detail, @CheckForNull Throwable cause, Duration retryAfter) {
            super(problem, detail, cause);
            this.retryAfter = retryAfter;
        }

        @Override
        public Duration retryAfter() {
            return retryAfter;
        }

        @Override
        ExchangeException harmless() {
            return new OutcomeUnknown(problem().harmless(), detail(), getCause(), retryAfter);
        }

        @Override
        ExchangeException saying(String other) {
            return new OutcomeUnknown(problem(), other, null, retryAfter);
        }
    }

    /** The server reported success without a usable bearer. */
    public static final class Unintelligible extends ExchangeException {
        private static final long serialVersionUID = 1;
        private final transient String refreshToken;

        public Unintelligible(String detail, @CheckForNull String refreshToken) {
            this(Problem.UNINTELLIGIBLE, detail, refreshToken);
        }

        private Unintelligible(Problem problem, String detail, @CheckForNull String refreshToken) {
            super(problem, detail, null);
            this.refreshToken = refreshToken;
        }

        @Override
        ExchangeException harmless() {
            return new Unintelligible(problem().harmless(), detail(), refreshToken);
        }

        @Override
        ExchangeException saying(String other) {
            return new Unintelligible(problem(), other, refreshToken);
        }

        /** A refresh token that could still be read from the answer; it must be stored, or the account is lost. */
        @CheckForNull
        public String refreshToken() {
            return refreshToken;
        }
    }
}
