package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/**
 * One attempt to have a service account authorized by a person: asks the server every now and then until it says yes,
 * no, or too late. Driven from outside, one {@link #step} at a time, so that it needs no thread of its own.
 *
 * <p>The answer that says yes is the only copy of the refresh token: it is stored before anybody hears of it. An answer
 * that was lost is followed by another question, later than usual (RFC 8628 section 3.5); if the lost one was that yes,
 * the server then refuses, and only starting over helps.
 */
public final class DeviceFlow {

    /** Where an attempt stands. All but {@link #WAITING} are final. */
    public enum State {
        WAITING,
        GRANTED,
        DENIED,
        EXPIRED,
        FAILED,
        CANCELED
    }

    /** Keeps the refresh token; returns only when it is safe. */
    @FunctionalInterface
    public interface TokenSink {
        /** @param accessToken null when the answer had a refresh token and no usable access token */
        void keep(String refreshToken, @CheckForNull AccessToken accessToken) throws IOException;
    }

    /** RFC 8628 section 3.5. */
    private static final Duration SLOWER = Duration.ofSeconds(5);

    private static final Duration SLOWEST = Duration.ofMinutes(5);

    private final DeviceAuthorizationClient account;
    private final TokenSink vault;
    private final InstantSource clock;

    /** For people to look at longer than the device code is of use. */
    private volatile DeviceAuthorizationResponse codes;

    private volatile State state = State.WAITING;
    private volatile boolean canceled;
    private volatile Instant due;
    private volatile String error = "";
    private Duration interval;
    private boolean answerLost;

    /** What could not be stored. Memory is the last place that has it. */
    @CheckForNull
    private volatile String unkeptToken;

    @CheckForNull
    private AccessToken unkeptAccessToken;

    public DeviceFlow(
            DeviceAuthorizationClient account,
            DeviceAuthorizationResponse codes,
            TokenSink vault,
            InstantSource clock) {
        this.account = account;
        this.codes = codes;
        this.vault = vault;
        this.clock = clock;
        this.interval = codes.interval();
        this.due = clock.instant().plus(interval);
    }

    public DeviceAuthorizationResponse codes() {
        return codes;
    }

    /** Does not wait for a question on its way. */
    public State state() {
        return canceled && state == State.WAITING ? State.CANCELED : state;
    }

    /** Why it failed, or what stands in the way for now; empty when there is nothing to say. Free of secrets. */
    public String error() {
        return error;
    }

    /** How long to wait before the next {@link #step}. */
    public Duration pause() {
        Duration left = Duration.between(clock.instant(), due);
        return left.isNegative() ? Duration.ZERO : left;
    }

    /** No further question is asked. Should the answer to one on its way be the token, it is stored all the same. */
    public void cancel() {
        canceled = true;
    }

    /** Whether the server has told the refresh token and it is not stored yet: memory is the last place that has it. */
    public boolean isTokenAtStake() {
        return unkeptToken != null;
    }

    /** One more try to store what could not be stored, whatever time it is. For when there may be no later. */
    public synchronized State storeNow() {
        String unkept = unkeptToken;
        return unkept == null ? state() : kept(unkept, unkeptAccessToken);
    }

    /** Asks the server if it is time to; blocks for at most the client's call timeout. Does nothing in a final state. */
    public synchronized State step() {
        String unkept = unkeptToken;
        if (state != State.WAITING || clock.instant().isBefore(due)) {
            return state();
        }
        if (unkept != null) {
            return kept(unkept, unkeptAccessToken);
        }
        if (canceled) {
            return ended(State.CANCELED, "");
        }
        if (!clock.instant().isBefore(codes.expiresAt())) {
            return ended(State.EXPIRED, "nobody said yes in time");
        }
        try {
            TokenResponseParser answer = account.poll(codes);
            if (!answer.isSuccess()) {
                return refused(answer);
            }
            TokenResponse response = answer.response();
            String refreshToken = response.refreshToken();
            return refreshToken != null
                    ? kept(refreshToken, response.accessToken())
                    : ended(State.FAILED, "the server said yes without a refresh token");
        } catch (TokenRequestException.InvalidResponse e) {
            String refreshToken = e.refreshToken();
            return refreshToken != null
                    ? kept(refreshToken, null)
                    : ended(State.FAILED, e.forNonRotatingSecret().getMessage());
        } catch (TokenRequestException e) {
            return later(e);
        }
    }

    private State refused(TokenResponseParser answer) {
        TokenRequestException why = answer.failure();
        if (!(why instanceof TokenRequestException.Rejected)) {
            return later(why);
        }
        return switch (answer.errorCode()) {
            case "authorization_pending" -> {
                answerLost = false;
                yield waiting("");
            }
            case "slow_down" -> {
                answerLost = false;
                interval = interval.plus(SLOWER);
                yield waiting("");
            }
            case "access_denied" -> ended(State.DENIED, "the request was denied on the server");
            case "expired_token" -> ended(State.EXPIRED, "nobody said yes in time");
            default ->
                ended(
                        State.FAILED,
                        answerLost
                                ? "the answer with the refresh token was lost on the way; revoke the account's token "
                                        + "on the server and start over (" + why.detail() + ")"
                                : why.getMessage());
        };
    }

    private State later(TokenRequestException e) {
        answerLost |= e instanceof TokenRequestException.OutcomeUnknown;
        Duration wanted =
                e instanceof TokenRequestException.Throttled busy ? busy.retryAfter() : interval.multipliedBy(2);
        Duration longest = wanted.compareTo(SLOWEST) > 0 ? SLOWEST : wanted;
        interval = longest.compareTo(interval) > 0 ? longest : interval;
        return waiting(e.forNonRotatingSecret().getMessage());
    }

    private State kept(String refreshToken, @CheckForNull AccessToken accessToken) {
        try {
            vault.keep(refreshToken, accessToken);
        } catch (IOException | RuntimeException e) {
            unkeptToken = refreshToken;
            unkeptAccessToken = accessToken;
            return waiting("the refresh token could not be stored yet (" + e.getMessage() + ")");
        }
        unkeptToken = null;
        unkeptAccessToken = null;
        return ended(State.GRANTED, "");
    }

    private State waiting(String why) {
        error = why;
        due = clock.instant().plus(interval);
        return state;
    }

    private State ended(State end, String why) {
        codes = codes.withoutDeviceCode();
        state = end;
        error = why;
        return end;
    }
}
