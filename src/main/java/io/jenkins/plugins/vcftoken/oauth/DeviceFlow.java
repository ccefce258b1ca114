package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/**
 * State machine of one device flow: polls until the request is approved, denied or expired, and saves the refresh
 * token. The caller runs {@link #step} after each {@link #pause}; this class starts no threads. Thread-safe.
 *
 * <p>The response to an approved request is the only copy of the refresh token. It is saved before the state changes,
 * and kept in memory while saving fails. After a lost response, polling continues with longer intervals (<a
 * href="https://www.rfc-editor.org/rfc/rfc8628#section-3.5">RFC 8628 section 3.5</a>). If the lost response contained
 * the token, the server rejects the next poll, and the user has to start over.
 */
public final class DeviceFlow {

    /** All states except {@link #WAITING} are final. */
    public enum State {
        WAITING,
        GRANTED,
        DENIED,
        EXPIRED,
        FAILED,
        CANCELED
    }

    @FunctionalInterface
    public interface TokenSink {
        /**
         * Saves the refresh token, and returns when it is on disk.
         *
         * @param accessToken null if the response contained no valid one
         */
        void save(String refreshToken, @CheckForNull AccessToken accessToken) throws IOException;
    }

    /** Added to the interval by {@code slow_down}, RFC 8628 section 3.5. */
    private static final Duration SLOW_DOWN = Duration.ofSeconds(5);

    private static final Duration MAX_INTERVAL = Duration.ofMinutes(5);

    private static final String EXPIRED_ERROR = "the request was not approved in time";

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

    /** The refresh token while saving it fails. */
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

    /** Does not block. A canceled flow is {@code WAITING} while it has an unsaved token. */
    public State state() {
        return canceled && state == State.WAITING && unsavedToken == null ? State.CANCELED : state;
    }

    /** The error of the last step, without secrets; empty if it succeeded. */
    public String error() {
        return error;
    }

    /** Time until the next {@link #step}; not negative. */
    public Duration pause() {
        Duration left = Duration.between(clock.instant(), nextStep);
        return left.isNegative() ? Duration.ZERO : left;
    }

    /** Stops polling. A token in the response to a poll in progress is still saved. */
    public void cancel() {
        canceled = true;
    }

    /** Retries immediately to save an unsaved token; for the shutdown. */
    public synchronized State saveNow() {
        String refreshToken = unsavedToken;
        return refreshToken == null ? state() : save(refreshToken, unsavedAccessToken);
    }

    /**
     * Polls or saves if the {@link #pause} is over. Blocks for at most two call timeouts: the server may have two
     * paths.
     */
    public synchronized State step() {
        if (state != State.WAITING || clock.instant().isBefore(nextStep)) {
            return state();
        }
        if (unsavedToken != null) {
            return saveNow();
        }
        if (canceled) {
            return finish(State.CANCELED, "");
        }
        if (!clock.instant().isBefore(codes.expiresAt())) {
            return finish(State.EXPIRED, EXPIRED_ERROR);
        }
        try {
            TokenResponseParser parser = client.poll(codes);
            if (!parser.isSuccess()) {
                return handleError(parser);
            }
            TokenResponse response = parser.response();
            String refreshToken = response.refreshToken();
            return refreshToken != null
                    ? save(refreshToken, response.accessToken())
                    : finish(State.FAILED, "the server approved the request without a refresh token");
        } catch (TokenRequestException.InvalidResponse e) {
            String refreshToken = e.refreshToken();
            return refreshToken != null
                    ? save(refreshToken, null)
                    : finish(State.FAILED, e.forNonRotatingSecret().getMessage());
        } catch (TokenRequestException e) {
            return waitWithError(e);
        }
    }

    private State handleError(TokenResponseParser response) {
        TokenRequestException failure = response.failure();
        if (!(failure instanceof TokenRequestException.Rejected)) {
            return waitWithError(failure);
        }
        return switch (response.errorCode()) {
            case "authorization_pending" -> continuePolling(Duration.ZERO);
            case "slow_down" -> continuePolling(SLOW_DOWN);
            case "access_denied" -> finish(State.DENIED, "the request was denied on the server");
            case "expired_token" -> finish(State.EXPIRED, EXPIRED_ERROR);
            default ->
                finish(
                        State.FAILED,
                        responseLost
                                ? "the response with the refresh token was lost; revoke the account's token "
                                        + "on the server and start over (" + failure.detail() + ")"
                                : failure.getMessage());
        };
    }

    /** The request is not approved yet, so an earlier lost response did not contain the token. */
    private State continuePolling(Duration extension) {
        responseLost = false;
        interval = interval.plus(extension);
        return waitWithError("");
    }

    private State waitWithError(TokenRequestException e) {
        responseLost |= e instanceof TokenRequestException.OutcomeUnknown;
        Duration requested = e instanceof TokenRequestException.Throttled ? e.retryAfter() : interval.multipliedBy(2);
        Duration limited = requested.compareTo(MAX_INTERVAL) > 0 ? MAX_INTERVAL : requested;
        interval = limited.compareTo(interval) > 0 ? limited : interval;
        return waitWithError(e.forNonRotatingSecret().getMessage());
    }

    private State save(String refreshToken, @CheckForNull AccessToken accessToken) {
        try {
            sink.save(refreshToken, accessToken);
        } catch (IOException | RuntimeException e) {
            unsavedToken = refreshToken;
            unsavedAccessToken = accessToken;
            return waitWithError("the refresh token could not be stored yet (" + e.getMessage() + ")");
        }
        State newState = finish(State.GRANTED, "");
        unsavedToken = null;
        unsavedAccessToken = null;
        return newState;
    }

    private State waitWithError(String newError) {
        error = newError;
        nextStep = clock.instant().plus(interval);
        return state;
    }

    private State finish(State newState, String newError) {
        codes = codes.withoutDeviceCode();
        error = newError;
        state = newState;
        return newState;
    }
}
