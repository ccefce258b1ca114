package io.jenkins.plugins.vcftoken.oauth;

import java.time.Duration;
import java.time.Instant;

/**
 * A short-lived access token and its validity by the clock of this controller.
 *
 * @param value the text after {@code Authorization: Bearer}, without control characters; empty only after the token was
 *     revoked
 * @param issuedAt the time before the request was sent, so that {@code expiresAt} is too early rather than too late
 * @param expiresAt the time at which the server starts to reject the token
 */
public record AccessToken(String value, Instant issuedAt, Instant expiresAt) {

    /** Tolerance for backward corrections of the clock by time synchronization. */
    private static final Duration CLOCK_TOLERANCE = Duration.ofMinutes(1);

    public Duration lifetime() {
        return Duration.between(issuedAt, expiresAt);
    }

    /** @return negative after expiry */
    public Duration remaining(Instant now) {
        return Duration.between(now, expiresAt);
    }

    /**
     * Whether the token is valid at the given time. Returns false for a token that was issued later: the clock was set
     * back, so {@code expiresAt} is not comparable.
     */
    public boolean isAlive(Instant now) {
        return now.isBefore(expiresAt) && !now.plus(CLOCK_TOLERANCE).isBefore(issuedAt);
    }

    /** Omits the token. */
    @Override
    public String toString() {
        return "AccessToken[until " + expiresAt + "]";
    }
}
