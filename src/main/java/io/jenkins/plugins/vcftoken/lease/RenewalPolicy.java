package io.jenkins.plugins.vcftoken.lease;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import java.time.Duration;
import java.time.Instant;
import java.util.function.DoubleSupplier;

/**
 * When an access token is renewed.
 *
 * @param random in [0, 1), so that access tokens of the same minute are not all renewed in the same minute
 */
public record RenewalPolicy(DoubleSupplier random) {

    /**
     * Of an hour, this leaves a quarter of an hour for an outage of the server, and at least ten minutes to a step that
     * starts just before the renewal. Less causes more requests; more leaves less time.
     */
    static final double SHARE_OF_LIFETIME = 0.75;

    static final double JITTER = 0.05;

    /** The shortest pause, for very short lifetimes. */
    static final Duration FLOOR = Duration.ofMillis(500);

    /** The longest pause after a failed renewal, so that a short recovery of the server is not missed. */
    static final Duration MAX_RETRY_PAUSE = Duration.ofMinutes(1);

    /** A renewal that is this late is overdue: its timer has stopped, with the machine. */
    static final Duration OVERDUE = Duration.ofSeconds(10);

    /**
     * The shortest time between two renewals on demand: a loop that renews on each 401 is no load on a server that
     * refuses every access token.
     */
    public static final Duration REFRESH_PAUSE = Duration.ofSeconds(10);

    /** Time until the access token is renewed. */
    Duration pause(AccessToken accessToken, Instant now) {
        double share = SHARE_OF_LIFETIME - JITTER * random.getAsDouble();
        Instant due =
                accessToken.issuedAt().plusMillis((long) (accessToken.lifetime().toMillis() * share));
        return atLeastFloor(Duration.between(now, due));
    }

    /**
     * Time until the next try after a failed renewal: until the next possible request, where that is known; else a
     * third of the remaining validity, so that tries are more frequent toward the end.
     *
     * @param next when the next request is possible; null where that is not known
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
