package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An exchange that brought no access token. The subclass says what that means for the secret that was sent: only after
 * {@link OutcomeUnknown} and {@link InvalidResponse} may the server have consumed it. Messages are free of secrets.
 */
public abstract sealed class TokenRequestException extends Exception {

    private static final long serialVersionUID = 1;

    private static final Pattern STATUS = Pattern.compile("HTTP \\d{3}");

    private final TokenError tokenError;
    private final String detail;

    private TokenRequestException(TokenError tokenError, String detail, @CheckForNull Throwable cause) {
        super(tokenError.classify() + " (" + detail + ")", cause);
        this.tokenError = tokenError;
        this.detail = detail;
    }

    public TokenError tokenError() {
        return tokenError;
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
    TokenRequestException forNonRotatingSecret() {
        return this;
    }

    /** The same without a word of what the server said, for those who may have made up the server. */
    final TokenRequestException withoutServerText() {
        Matcher status = STATUS.matcher(detail);
        return status.lookingAt() ? saying(status.group()) : this;
    }

    /** The same with another detail, and without a cause. */
    abstract TokenRequestException saying(String other);

    /** The server understood and said no; the secret was not consumed by this request. */
    public static final class Rejected extends TokenRequestException {
        private static final long serialVersionUID = 1;

        public Rejected(TokenError tokenError, String detail) {
            super(tokenError, detail, null);
        }

        /** Whether the same secret is better not sent again: it will not succeed, or will lock the account. */
        public boolean isFinal() {
            return switch (tokenError()) {
                case SPENT_OR_REVOKED, API_TOKEN_REFUSED, WRONG_SECRET, LOCKED_OUT -> true;
                default -> false;
            };
        }

        @Override
        TokenRequestException saying(String other) {
            return new Rejected(tokenError(), other);
        }
    }

    /** Not one byte of the secret left this controller. Safe to try again. */
    public static final class NotSent extends TokenRequestException {
        private static final long serialVersionUID = 1;

        public NotSent(TokenError tokenError, String detail, @CheckForNull Throwable cause) {
            super(tokenError, detail, cause);
        }

        @Override
        TokenRequestException saying(String other) {
            return new NotSent(tokenError(), other, null);
        }
    }

    /** HTTP 429: the server declined to look at the request for now. Safe to try again, not before {@link #retryAfter()}. */
    public static final class Throttled extends TokenRequestException {
        private static final long serialVersionUID = 1;
        private final Duration retryAfter;

        public Throttled(String detail, Duration retryAfter) {
            super(TokenError.THROTTLED, detail, null);
            this.retryAfter = retryAfter;
        }

        @Override
        public Duration retryAfter() {
            return retryAfter;
        }

        @Override
        TokenRequestException saying(String other) {
            return new Throttled(other, retryAfter);
        }
    }

    /** The secret may have reached the server, the answer did not reach us. Not safe for what rotates. */
    public static final class OutcomeUnknown extends TokenRequestException {
        private static final long serialVersionUID = 1;
        private final Duration retryAfter;

        public OutcomeUnknown(String detail, @CheckForNull Throwable cause) {
            this(detail, cause, Duration.ZERO);
        }

        /** @param retryAfter zero where the server does not say */
        public OutcomeUnknown(String detail, @CheckForNull Throwable cause, Duration retryAfter) {
            this(TokenError.OUTCOME_UNKNOWN, detail, cause, retryAfter);
        }

        private OutcomeUnknown(
                TokenError tokenError, String detail, @CheckForNull Throwable cause, Duration retryAfter) {
            super(tokenError, detail, cause);
            this.retryAfter = retryAfter;
        }

        @Override
        public Duration retryAfter() {
            return retryAfter;
        }

        @Override
        TokenRequestException forNonRotatingSecret() {
            return new OutcomeUnknown(tokenError().forNonRotatingSecret(), detail(), getCause(), retryAfter);
        }

        @Override
        TokenRequestException saying(String other) {
            return new OutcomeUnknown(tokenError(), other, null, retryAfter);
        }
    }

    /** The server reported success without a usable access token. */
    public static final class InvalidResponse extends TokenRequestException {
        private static final long serialVersionUID = 1;
        private final transient String refreshToken;

        public InvalidResponse(String detail, @CheckForNull String refreshToken) {
            this(TokenError.UNINTELLIGIBLE, detail, refreshToken);
        }

        private InvalidResponse(TokenError tokenError, String detail, @CheckForNull String refreshToken) {
            super(tokenError, detail, null);
            this.refreshToken = refreshToken;
        }

        @Override
        TokenRequestException forNonRotatingSecret() {
            return new InvalidResponse(tokenError().forNonRotatingSecret(), detail(), refreshToken);
        }

        @Override
        TokenRequestException saying(String other) {
            return new InvalidResponse(tokenError(), other, refreshToken);
        }

        /** A refresh token that could still be read from the answer; it must be stored, or the account is lost. */
        @CheckForNull
        public String refreshToken() {
            return refreshToken;
        }
    }
}
