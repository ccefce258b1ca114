package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/**
 * State machine of one device flow: polls until the request is approved, denied or expired, and saves the refresh
 * token. The caller runs {@link #step} whenever {@link #pause} is over; the class has no thread. Thread-safe.
 *
 * <p>The response of an approved request is the only copy of the refresh token, which is saved before the state changes
 * and is kept in memory while saving fails. After a lost response, polling goes on more slowly
 * (<a href="https://www.rfc-editor.org/rfc/rfc8628#section-3.5">RFC 8628 section 3.5</a>); if the lost one contained
 * the token, the server rejects the next poll, and a person has to start over.
 */
public final class DeviceFlow {

    /** All states but {@link #WAITING} are final. */
    public enum State {
        WAITING,
        GRANTED,
        DENIED,
        EXPIRED,
        FAILED,
        CANCELED
    }

    /** Saves the refresh token. */
    @FunctionalInterface
    public interface TokenSink {
        /**
         * Returns when the token is on disk.
         *
         * @param accessToken null when the response contained no usable one
         */
        void save(String refreshToken, @CheckForNull AccessToken accessToken) throws IOException;
    }

    /** Added to the interval by {@code slow_down}, RFC 8628 section 3.5. */
    private static final Duration SLOW_DOWN = Duration.ofSeconds(5);

    private static final Duration MAX_INTERVAL = Duration.ofMinutes(5);

    private static final String NOT_IN_TIME = "the request was not approved in time";

    private final VcfaTokenClient client;
    private final TokenSink sink;
    private final InstantSource clock;

    /** Without the device code in final states. */
    private volatile DeviceAuthorizationResponse codes;

    private volatile State state = State.WAITING;
    private volatile boolean canceled;
    private volatile Instant nextStep;
    private volatile String error = "";
    private Duration interval;
    private boolean responseLost;

    /** The refresh token that could not be saved yet. */
    @CheckForNull
    private volatile String unsavedToken;

    @CheckForNull
    private AccessToken unsavedAccessToken;

    public DeviceFlow(VcfaTokenClient client, DeviceAuthorizationResponse codes, TokenSink sink, InstantSource clock) {
        this.client = client;
        this.codes = codes;
        this.sink = sink;
        this.clock = clock;
        this.interval = codes.interval();
        this.nextStep = clock.instant().plus(interval);
    }

    public DeviceAuthorizationResponse codes() {
        return codes;
    }

    /** Does not block. A canceled flow waits as long as it has a token that is not saved. */
    public State state() {
        return canceled && state == State.WAITING && unsavedToken == null ? State.CANCELED : state;
    }

    /** The error of the last step, without secrets; empty without one. */
    public String error() {
        return error;
    }

    /** The time until the next {@link #step}; not negative. */
    public Duration pause() {
        Duration left = Duration.between(clock.instant(), nextStep);
        return left.isNegative() ? Duration.ZERO : left;
    }

    /** Stops polling. A token in the response to a poll that was already sent is saved. */
    public void cancel() {
        canceled = true;
    }

    /** Tries at once to save a token that could not be saved yet; for the shutdown. */
    public synchronized State saveNow() {
        String refreshToken = unsavedToken;
        return refreshToken == null ? state() : save(refreshToken, unsavedAccessToken);
    }

    /** Polls or saves if it is time; blocks for the call timeout of the client, or for two with two paths. */
    public synchronized State step() {
        if (state != State.WAITING || clock.instant().isBefore(nextStep)) {
            return state();
        }
        if (unsavedToken != null) {
            return saveNow();
        }
        if (canceled) {
            return end(State.CANCELED, "");
        }
        if (!clock.instant().isBefore(codes.expiresAt())) {
            return end(State.EXPIRED, NOT_IN_TIME);
        }
        try {
            TokenResponseParser parser = client.poll(codes);
            if (!parser.isSuccess()) {
                return refused(parser);
            }
            TokenResponse response = parser.response();
            String refreshToken = response.refreshToken();
            return refreshToken != null
                    ? save(refreshToken, response.accessToken())
                    : end(State.FAILED, "the server approved the request without a refresh token");
        } catch (TokenRequestException.InvalidResponse e) {
            String refreshToken = e.refreshToken();
            return refreshToken != null
                    ? save(refreshToken, null)
                    : end(State.FAILED, e.forNonRotatingSecret().getMessage());
        } catch (TokenRequestException e) {
            return waitAfter(e);
        }
    }

    private State refused(TokenResponseParser response) {
        TokenRequestException failure = response.failure();
        if (!(failure instanceof TokenRequestException.Rejected)) {
            return waitAfter(failure);
        }
        return switch (response.errorCode()) {
            case "authorization_pending" -> pending(Duration.ZERO);
            case "slow_down" -> pending(SLOW_DOWN);
            case "access_denied" -> end(State.DENIED, "the request was denied on the server");
            case "expired_token" -> end(State.EXPIRED, NOT_IN_TIME);
            default ->
                end(
                        State.FAILED,
                        responseLost
                                ? "the answer with the refresh token was lost on the way; revoke the account's token "
                                        + "on the server and start over (" + failure.detail() + ")"
                                : failure.getMessage());
        };
    }

    /** The request is not approved yet, so a response that was lost before did not contain the token. */
    private State pending(Duration longer) {
        responseLost = false;
        interval = interval.plus(longer);
        return waitAfter("");
    }

    private State waitAfter(TokenRequestException e) {
        responseLost |= e instanceof TokenRequestException.OutcomeUnknown;
        Duration wanted = e instanceof TokenRequestException.Throttled ? e.retryAfter() : interval.multipliedBy(2);
        Duration limited = wanted.compareTo(MAX_INTERVAL) > 0 ? MAX_INTERVAL : wanted;
        interval = limited.compareTo(interval) > 0 ? limited : interval;
        return waitAfter(e.forNonRotatingSecret().getMessage());
    }

    private State save(String refreshToken, @CheckForNull AccessToken accessToken) {
        try {
            sink.save(refreshToken, accessToken);
        } catch (IOException | RuntimeException e) {
            unsavedToken = refreshToken;
            unsavedAccessToken = accessToken;
            return waitAfter("the refresh token could not be stored yet (" + e.getMessage() + ")");
        }
        State end = end(State.GRANTED, "");
        unsavedToken = null;
        unsavedAccessToken = null;
        return end;
    }

    private State waitAfter(String newError) {
        error = newError;
        nextStep = clock.instant().plus(interval);
        return state;
    }

    private State end(State newState, String newError) {
        codes = codes.withoutDeviceCode();
        error = newError;
        state = newState;
        return newState;
    }
}
