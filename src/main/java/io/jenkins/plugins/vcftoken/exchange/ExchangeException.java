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

    /** The same, in words that do not alarm those whose secret cannot have been spent. */
    ExchangeException harmless() {
        if (this instanceof OutcomeUnknown lost) {
            return new OutcomeUnknown(lost);
        }
        return this instanceof Unintelligible strange ? new Unintelligible(strange) : this;
    }

    /** The same without a word of what the server said, for those who may have made up the server. */
    ExchangeException wordless() {
        Matcher status = STATUS.matcher(detail);
        if (!status.lookingAt()) {
            return this;
        }
        String bare = status.group();
        if (this instanceof Refused) {
            return new Refused(problem, bare);
        }
        if (this instanceof Throttled busy) {
            return new Throttled(bare, busy.retryAfter());
        }
        if (this instanceof OutcomeUnknown lost) {
            return new OutcomeUnknown(lost, bare);
        }
        return this instanceof Unintelligible strange ? new Unintelligible(strange, bare) : this;
    }

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
    }

    /** Not one byte of the secret left this controller. Safe to try again. */
    public static final class NotSent extends ExchangeException {
        private static final long serialVersionUID = 1;

        public NotSent(Problem problem, String detail, @CheckForNull Throwable cause) {
            super(problem, detail, cause);
        }
    }

    /** The server declined to look at the request for now. Safe to try again, not before {@link #retryAfter()}. */
    public static final class Throttled extends ExchangeException {
        private static final long serialVersionUID = 1;
        private final Duration retryAfter;

        public Throttled(String detail, Duration retryAfter) {
            super(Problem.THROTTLED, detail, null);
            this.retryAfter = retryAfter;
        }

        public Duration retryAfter() {
            return retryAfter;
        }
    }

    /** The secret may have reached the server, the answer did not reach us. Not safe for what rotates. */
    public static final class OutcomeUnknown extends ExchangeException {
        private static final long serialVersionUID = 1;

        public OutcomeUnknown(String detail, @CheckForNull Throwable cause) {
            super(Problem.OUTCOME_UNKNOWN, detail, cause);
        }

        private OutcomeUnknown(OutcomeUnknown same) {
            super(same.problem().harmless(), same.detail(), same.getCause());
        }

        private OutcomeUnknown(OutcomeUnknown same, String detail) {
            super(same.problem(), detail, null);
        }
    }

    /** The server reported success without a usable bearer. */
    public static final class Unintelligible extends ExchangeException {
        private static final long serialVersionUID = 1;
        private final transient String refreshToken;

        public Unintelligible(String detail, @CheckForNull String refreshToken) {
            super(Problem.UNINTELLIGIBLE, detail, null);
            this.refreshToken = refreshToken;
        }

        private Unintelligible(Unintelligible same) {
            super(same.problem().harmless(), same.detail(), same.getCause());
            this.refreshToken = same.refreshToken;
        }

        private Unintelligible(Unintelligible same, String detail) {
            super(same.problem(), detail, null);
            this.refreshToken = same.refreshToken;
        }

        /** A refresh token that could still be read from the answer; it must be stored, or the account is lost. */
        @CheckForNull
        public String refreshToken() {
            return refreshToken;
        }
    }
}
