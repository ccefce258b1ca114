package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Failed token request. The type shows the effect on the secret in the request: the server may have consumed it only
 * in the case of {@link OutcomeUnknown} and {@link InvalidResponse}. Messages contain no secrets.
 */
public abstract sealed class TokenRequestException extends Exception {

    private static final long serialVersionUID = 1;

    private static final Pattern STATUS = Pattern.compile("HTTP \\d{3}");

    private final TokenErrorType errorType;
    private final String detail;
    private final Duration retryAfter;

    private TokenRequestException(
            TokenErrorType errorType, String detail, @CheckForNull Throwable cause, Duration retryAfter) {
        super(errorType.explanation() + " (" + detail + ")", cause);
        this.errorType = errorType;
        this.detail = detail;
        this.retryAfter = retryAfter;
    }

    public TokenErrorType errorType() {
        return errorType;
    }

    /** The observed response or exception, such as "HTTP 400, invalid_grant: Invalid refresh token". */
    public String detail() {
        return detail;
    }

    /** The delay before the next request as requested by the server; zero by default. */
    public Duration retryAfter() {
        return retryAfter;
    }

    /** Converts to the error for a secret that does not rotate, without the warning that the secret may be lost. */
    final TokenRequestException forNonRotatingSecret() {
        TokenErrorType other = errorType.forNonRotatingSecret();
        return other == errorType ? this : copy(other, detail, getCause());
    }

    /**
     * Reduces the detail to the HTTP status, without text of the server. Prevents a user who can choose the URL from
     * reading responses of internal servers (SSRF).
     */
    final TokenRequestException withoutServerText() {
        Matcher status = STATUS.matcher(detail);
        return status.lookingAt() ? copy(errorType, status.group(), null) : this;
    }

    abstract TokenRequestException copy(TokenErrorType newError, String newDetail, @CheckForNull Throwable newCause);

    /** The server rejected the request, which did not consume the secret. */
    public static final class Rejected extends TokenRequestException {
        private static final long serialVersionUID = 1;

        public Rejected(TokenErrorType errorType, String detail) {
            super(errorType, detail, null, Duration.ZERO);
        }

        /** Whether the same secret must not be sent again, because it cannot succeed and may lock the account. */
        public boolean isFinal() {
            return errorType().isFinal();
        }

        @Override
        TokenRequestException copy(TokenErrorType newError, String newDetail, @CheckForNull Throwable newCause) {
            return new Rejected(newError, newDetail);
        }
    }

    /** The secret was not sent. Safe to retry. */
    public static final class NotSent extends TokenRequestException {
        private static final long serialVersionUID = 1;

        public NotSent(TokenErrorType errorType, String detail, @CheckForNull Throwable cause) {
            super(errorType, detail, cause, Duration.ZERO);
        }

        @Override
        TokenRequestException copy(TokenErrorType newError, String newDetail, @CheckForNull Throwable newCause) {
            return new NotSent(newError, newDetail, newCause);
        }
    }

    /** HTTP 429: the server did not process the request. Safe to retry after {@link #retryAfter()}. */
    public static final class Throttled extends TokenRequestException {
        private static final long serialVersionUID = 1;

        public Throttled(String detail, Duration retryAfter) {
            super(TokenErrorType.THROTTLED, detail, null, retryAfter);
        }

        @Override
        TokenRequestException copy(TokenErrorType newError, String newDetail, @CheckForNull Throwable newCause) {
            return new Throttled(newDetail, retryAfter());
        }
    }

    /**
     * The server may have received the secret, but there is no response. Not safe to retry with a secret that rotates.
     */
    public static final class OutcomeUnknown extends TokenRequestException {
        private static final long serialVersionUID = 1;

        public OutcomeUnknown(String detail, @CheckForNull Throwable cause) {
            this(detail, cause, Duration.ZERO);
        }

        /** @param retryAfter zero if the server does not request a delay */
        public OutcomeUnknown(String detail, @CheckForNull Throwable cause, Duration retryAfter) {
            this(TokenErrorType.OUTCOME_UNKNOWN, detail, cause, retryAfter);
        }

        private OutcomeUnknown(
                TokenErrorType errorType, String detail, @CheckForNull Throwable cause, Duration retryAfter) {
            super(errorType, detail, cause, retryAfter);
        }

        @Override
        TokenRequestException copy(TokenErrorType newError, String newDetail, @CheckForNull Throwable newCause) {
            return new OutcomeUnknown(newError, newDetail, newCause, retryAfter());
        }
    }

    /** Successful response without a valid access token. */
    public static final class InvalidResponse extends TokenRequestException {
        private static final long serialVersionUID = 1;
        private final transient String refreshToken;

        public InvalidResponse(String detail, @CheckForNull String refreshToken) {
            this(TokenErrorType.INVALID_RESPONSE_OUTCOME_UNKNOWN, detail, refreshToken);
        }

        private InvalidResponse(TokenErrorType errorType, String detail, @CheckForNull String refreshToken) {
            super(errorType, detail, null, Duration.ZERO);
            this.refreshToken = refreshToken;
        }

        /** The refresh token in the response, or null. It must be stored, because it may be the only valid one. */
        @CheckForNull
        public String refreshToken() {
            return refreshToken;
        }

        @Override
        TokenRequestException copy(TokenErrorType newError, String newDetail, @CheckForNull Throwable newCause) {
            return new InvalidResponse(newError, newDetail, refreshToken);
        }
    }
}
