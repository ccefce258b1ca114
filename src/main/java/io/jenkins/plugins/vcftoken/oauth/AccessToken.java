package io.jenkins.plugins.vcftoken.oauth;

import java.time.Duration;
import java.time.Instant;

/**
 * A short-lived access token and its validity by the clock of this controller.
 *
 * @param value the text after {@code Authorization: Bearer}, without control characters; empty only after the token was
 *     revoked
 * @param issuedAt the time before the request was sent, so that {@code expiresAt} is rather too early than too late
 * @param expiresAt the time from which the server rejects the token
 */
public record AccessToken(String value, Instant issuedAt, Instant expiresAt) {

    /** Time services set a clock back by less than this. */
    private static final Duration CLOCK_TOLERANCE = Duration.ofMinutes(1);

    public Duration lifetime() {
        return Duration.between(issuedAt, expiresAt);
    }

    /** The remaining lifetime; negative after expiry. */
    public Duration remaining(Instant now) {
        return Duration.between(now, expiresAt);
    }

    /**
     * Whether the token is valid at a time. A token that was issued after that time is not: the clock was set back, and
     * {@code expiresAt} cannot be compared with it.
     */
    public boolean isAlive(Instant now) {
        return now.isBefore(expiresAt) && !now.plus(CLOCK_TOLERANCE).isBefore(issuedAt);
    }

    /** Without the token. */
    @Override
    public String toString() {
        return "AccessToken[until " + expiresAt + "]";
    }
}
