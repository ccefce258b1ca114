package io.jenkins.plugins.vcftoken.oauth;

import java.time.Duration;
import java.time.Instant;

/**
 * A short-lived access token and the time it is good for, in this controller's own time.
 *
 * @param value what goes into {@code Authorization: Bearer …}; no control characters; empty once it was revoked, never
 *     before
 * @param issuedAt the moment before the request left, so that {@code expiresAt} errs on the early side
 * @param expiresAt when the server stops accepting it
 */
public record AccessToken(String value, Instant issuedAt, Instant expiresAt) {

    /** By how much a clock may be set back, as time services do, without that being taken for a change of time. */
    private static final Duration JITTER = Duration.ofMinutes(1);

    public Duration lifetime() {
        return Duration.between(issuedAt, expiresAt);
    }

    /** Negative once the access token has expired. */
    public Duration remaining(Instant now) {
        return Duration.between(now, expiresAt);
    }

    /** False as well of an access token from the future: the clock was set back, and nobody knows when it ends. */
    public boolean isAlive(Instant now) {
        return now.isBefore(expiresAt) && !now.plus(JITTER).isBefore(issuedAt);
    }

    @Override
    public String toString() {
        return "AccessToken[until " + expiresAt + "]";
    }
}
