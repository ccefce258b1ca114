package io.jenkins.plugins.vcftoken.exchange;

import java.time.Duration;
import java.time.Instant;

/**
 * A short-lived access token and the time it is good for, in this controller's own time.
 *
 * @param value what goes into {@code Authorization: Bearer …}; never blank, no control characters
 * @param issuedAt the moment before the request left, so that {@code expiresAt} errs on the early side
 * @param expiresAt when the server stops accepting it
 */
public record Bearer(String value, Instant issuedAt, Instant expiresAt) {

    public Duration lifetime() {
        return Duration.between(issuedAt, expiresAt);
    }

    /** Negative once the bearer has expired. */
    public Duration remaining(Instant now) {
        return Duration.between(now, expiresAt);
    }

    public boolean isAlive(Instant now) {
        return now.isBefore(expiresAt);
    }

    @Override
    public String toString() {
        return "Bearer[until " + expiresAt + "]";
    }
}
