package io.jenkins.plugins.vcftoken.lease;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import java.time.Duration;
import java.time.Instant;
import java.util.function.DoubleSupplier;

/**
 * Schedule of access token renewals.
 *
 * @param random jitter in [0, 1), so that access tokens issued together are not renewed together
 */
public record RenewalPolicy(DoubleSupplier random) {

    /**
     * With a lifetime of one hour, this leaves 15 minutes for an outage of the server, and at least 10 minutes of
     * validity to a step that starts just before the renewal. A lower value causes more requests.
     */
    static final double SHARE_OF_LIFETIME = 0.75;

    static final double JITTER = 0.05;

    /** For very short lifetimes. */
    static final Duration MIN_PAUSE = Duration.ofMillis(500);

    /** After a failed renewal. Short, so that a brief recovery of the server is not missed. */
    static final Duration MAX_RETRY_PAUSE = Duration.ofMinutes(1);

    /** A renewal that is this late is overdue: its timer stopped while the machine was suspended. */
    static final Duration OVERDUE = Duration.ofSeconds(10);

    /**
     * Minimum time between two renewals on demand. Limits the load of a loop that renews after each 401 on a server
     * that rejects every access token.
     */
    public static final Duration REFRESH_PAUSE = Duration.ofSeconds(10);

    /** Time until the access token is renewed. */
    Duration pause(AccessToken accessToken, Instant now) {
        double share = SHARE_OF_LIFETIME - JITTER * random.getAsDouble();
        Instant due =
                accessToken.issuedAt().plusMillis((long) (accessToken.lifetime().toMillis() * share));
        return atLeastMinPause(Duration.between(now, due));
    }

    /**
     * Time until the retry of a failed renewal: until the next allowed request if known, otherwise a third of the
     * remaining validity, so that retries become more frequent before expiry.
     *
     * @param nextAllowed earliest time of the next request; null if unknown
     */
    Duration pauseAfterFailure(AccessToken accessToken, Instant now, @CheckForNull Instant nextAllowed) {
        Duration delay = nextAllowed != null && nextAllowed.isAfter(now)
                ? Duration.between(now, nextAllowed)
                : accessToken.remaining(now).dividedBy(3);
        Duration pause = delay.isNegative() || delay.compareTo(MAX_RETRY_PAUSE) > 0 ? MAX_RETRY_PAUSE : delay;
        return atLeastMinPause(pause);
    }

    private static Duration atLeastMinPause(Duration pause) {
        return pause.compareTo(MIN_PAUSE) < 0 ? MIN_PAUSE : pause;
    }
}
