package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A request that brought no access token. The type says what that means for the secret that was sent: the server may
 * have consumed it only after {@link OutcomeUnknown} and {@link InvalidResponse}. Messages contain no secrets.
 */
public abstract sealed class TokenRequestException extends Exception {

    private static final long serialVersionUID = 1;

    private static final Pattern STATUS = Pattern.compile("HTTP \\d{3}");

    private final TokenError tokenError;
    private final String detail;
    private final Duration retryAfter;

    private TokenRequestException(
            TokenError tokenError, String detail, @CheckForNull Throwable cause, Duration retryAfter) {
        super(tokenError.explanation() + " (" + detail + ")", cause);
        this.tokenError = tokenError;
        this.detail = detail;
        this.retryAfter = retryAfter;
    }

    public TokenError tokenError() {
        return tokenError;
    }

    /** What was observed, for example "HTTP 400, invalid_grant: Invalid refresh token". */
    public String detail() {
        return detail;
    }

    /** How long the server asks to wait before the next request; zero where it does not say. */
    public Duration retryAfter() {
        return retryAfter;
    }

    /** This failure for a secret that does not rotate: the message does not say that the secret may be lost. */
    final TokenRequestException forNonRotatingSecret() {
        TokenError other = tokenError.forNonRotatingSecret();
        return other == tokenError ? this : copy(other, detail, getCause());
    }

    /**
     * This failure with the HTTP status alone in place of the server's text. Keeps a user who may choose the address of
     * a server from reading what internal servers respond (SSRF).
     */
    final TokenRequestException withoutServerText() {
        Matcher status = STATUS.matcher(detail);
        return status.lookingAt() ? copy(tokenError, status.group(), null) : this;
    }

    abstract TokenRequestException copy(TokenError newError, String newDetail, @CheckForNull Throwable newCause);

    /** The server understood the request and rejected it. This request did not consume the secret. */
    public static final class Rejected extends TokenRequestException {
        private static final long serialVersionUID = 1;

        public Rejected(TokenError tokenError, String detail) {
            super(tokenError, detail, null, Duration.ZERO);
        }

        /** Whether the same secret must not be sent again: it will not succeed, and may lock the account. */
        public boolean isFinal() {
            return tokenError().isFinal();
        }

        @Override
        TokenRequestException copy(TokenError newError, String newDetail, @CheckForNull Throwable newCause) {
            return new Rejected(newError, newDetail);
        }
    }

    /** No byte of the secret left this controller. Safe to repeat. */
    public static final class NotSent extends TokenRequestException {
        private static final long serialVersionUID = 1;

        public NotSent(TokenError tokenError, String detail, @CheckForNull Throwable cause) {
            super(tokenError, detail, cause, Duration.ZERO);
        }

        @Override
        TokenRequestException copy(TokenError newError, String newDetail, @CheckForNull Throwable newCause) {
            return new NotSent(newError, newDetail, newCause);
        }
    }

    /** HTTP 429: the server did not process the request. Safe to repeat after {@link #retryAfter()}. */
    public static final class Throttled extends TokenRequestException {
        private static final long serialVersionUID = 1;

        public Throttled(String detail, Duration retryAfter) {
            super(TokenError.THROTTLED, detail, null, retryAfter);
        }

        @Override
        TokenRequestException copy(TokenError newError, String newDetail, @CheckForNull Throwable newCause) {
            return new Throttled(newDetail, retryAfter());
        }
    }

    /**
     * The secret may have reached the server, and no response arrived. Not safe to repeat with a secret that rotates.
     */
    public static final class OutcomeUnknown extends TokenRequestException {
        private static final long serialVersionUID = 1;

        public OutcomeUnknown(String detail, @CheckForNull Throwable cause) {
            this(detail, cause, Duration.ZERO);
        }

        /** @param retryAfter zero where the server does not say */
        public OutcomeUnknown(String detail, @CheckForNull Throwable cause, Duration retryAfter) {
            this(TokenError.OUTCOME_UNKNOWN, detail, cause, retryAfter);
        }

        private OutcomeUnknown(
                TokenError tokenError, String detail, @CheckForNull Throwable cause, Duration retryAfter) {
            super(tokenError, detail, cause, retryAfter);
        }

        @Override
        TokenRequestException copy(TokenError newError, String newDetail, @CheckForNull Throwable newCause) {
            return new OutcomeUnknown(newError, newDetail, newCause, retryAfter());
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
            super(tokenError, detail, null, Duration.ZERO);
            this.refreshToken = refreshToken;
        }

        /** The refresh token of the response, or null. It has to be stored: it may be the only valid one. */
        @CheckForNull
        public String refreshToken() {
            return refreshToken;
        }

        @Override
        TokenRequestException copy(TokenError newError, String newDetail, @CheckForNull Throwable newCause) {
            return new InvalidResponse(newError, newDetail, refreshToken);
        }
    }
}
