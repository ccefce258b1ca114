package io.jenkins.plugins.vcftoken.lease;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import java.time.Duration;
import java.time.Instant;
import java.util.function.DoubleSupplier;

/**
 * When an access token is renewed.
 *
 * @param random numbers in [0, 1), so that access tokens issued in the same minute are not renewed in the same minute
 */
public record RenewalPolicy(DoubleSupplier random) {

    /**
     * Of an hour, this leaves a quarter of an hour for the server to come back, and a step that starts right before the
     * renewal some ten minutes. Earlier wastes exchanges; later leaves less time to survive an outage.
     */
    static final double SHARE_OF_LIFETIME = 0.75;

    static final double JITTER = 0.05;

    /** A server that hands out very short-lived access tokens is not asked more often than this. */
    static final Duration FLOOR = Duration.ofMillis(500);

    /** While renewals fail: often enough to catch a short return of the server. */
    static final Duration MAX_RETRY_PAUSE = Duration.ofMinutes(1);

    /** By how much a renewal may be late before the timer is taken to have stood still, with the machine. */
    static final Duration OVERDUE = Duration.ofSeconds(10);

    /**
     * How long an access token that somebody asked for stands before it is renewed on demand: a loop that asks on each 401
     * must not turn into a load on a server that refuses whatever it is shown.
     */
    public static final Duration REFRESH_PAUSE = Duration.ofSeconds(10);

    /** How long to wait before the access token is renewed. */
    Duration pause(AccessToken accessToken, Instant now) {
        double share = SHARE_OF_LIFETIME - JITTER * random.getAsDouble();
        Instant due =
                accessToken.issuedAt().plusMillis((long) (accessToken.lifetime().toMillis() * share));
        return atLeastFloor(Duration.between(now, due));
    }

    /**
     * How long to wait after a renewal failed: until the next request may be made, where that is known; else a third of what
     * is left, so that tries grow denser toward the end.
     *
     * @param next when that is; null where it is not known
     */
    Duration pauseAfterFailure(AccessToken accessToken, Instant now, @CheckForNull Instant next) {
        boolean isNextKnown = next != null && next.isAfter(now);
        Duration wanted = isNextKnown
                ? Duration.between(now, next)
                : accessToken.remaining(now).dividedBy(3);
        Duration pause = wanted.isNegative() || wanted.compareTo(MAX_RETRY_PAUSE) > 0 ? MAX_RETRY_PAUSE : wanted;
        return atLeastFloor(pause);
    }

    private static Duration atLeastFloor(Duration pause) {
        return pause.compareTo(FLOOR) < 0 ? FLOOR : pause;
    }
}
