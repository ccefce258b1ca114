package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.DoubleSupplier;

/**
 * Repeats failed requests with secrets that do not rotate: when the server was not reached, was busy, or its response
 * was lost. Rejections and invalid responses are not repeated.
 */
public final class RetryPolicy {

    static final int MAX_TRIES = 3;

    /** Where a failure probably was a rejection: one more try, for a server that failed for a moment. */
    static final int MAX_TRIES_OF_A_PROBABLE_REJECTION = 2;

    /** Doubles with each try. */
    static final Duration FIRST_PAUSE = Duration.ofSeconds(1);

    /** A server that asks for a longer pause is not waited for; renewals have their own timer. */
    static final Duration MAX_PAUSE = Duration.ofSeconds(10);

    /** Number of renewals without a response after which the secret is sent instead. */
    static final int MAX_RENEWALS = 2;

    /** No try begins later than this after the first one. */
    public static final Duration LIMIT = Duration.ofSeconds(20);

    /** Blocks for a time. */
    @FunctionalInterface
    public interface Sleeper {
        void sleep(Duration pause) throws InterruptedException;
    }

    private final InstantSource clock;
    private final Sleeper sleeper;
    private final DoubleSupplier random;

    /**
     * @param random numbers in [0, 1) for the jitter, which keeps builds that failed together from retrying together
     */
    public RetryPolicy(InstantSource clock, Sleeper sleeper, DoubleSupplier random) {
        this.clock = clock;
        this.sleeper = sleeper;
        this.random = random;
    }

    /** A client that repeats the failed requests of another one; that client itself where its secrets rotate. */
    public TokenEndpointClient decorate(TokenEndpointClient client) {
        return client.rotates() ? client : new RetryingClient(client, true);
    }

    /**
     * As {@link #decorate}, for an address that a person has just typed: errors do not contain the text of the server,
     * so that "Test connection" cannot be used to read internal servers (SSRF).
     */
    public TokenEndpointClient decorateWithoutServerText(TokenEndpointClient client) {
        return client.rotates() ? client : new RetryingClient(client, false);
    }

    private static boolean isRetryable(TokenRequestException e, Duration pause) {
        boolean isTemporary = e instanceof TokenRequestException.Throttled
                || e instanceof TokenRequestException.OutcomeUnknown
                || (e instanceof TokenRequestException.NotSent && e.tokenError() != TokenError.NOT_TRUSTED);
        return isTemporary && pause.compareTo(MAX_PAUSE) <= 0;
    }

    private static int maxTries(TokenRequestException e) {
        return e.tokenError().isProbablyRejection() ? MAX_TRIES_OF_A_PROBABLE_REJECTION : MAX_TRIES;
    }

    /** Half to all of the pause of this try, on top of what the server asks for. */
    private Duration pause(TokenRequestException e, int tries) {
        Duration full = FIRST_PAUSE.multipliedBy(1L << (tries - 1));
        Duration jittered = Duration.ofMillis((long) (full.toMillis() * (0.5 + random.getAsDouble() / 2)));
        return e.retryAfter().plus(jittered);
    }

    @FunctionalInterface
    private interface Call<T> {
        T run() throws TokenRequestException;
    }

    private final class RetryingClient implements TokenEndpointClient {

        private final TokenEndpointClient client;
        private final boolean withServerText;

        RetryingClient(TokenEndpointClient client, boolean withServerText) {
            this.client = client;
            this.withServerText = withServerText;
        }

        private <T> T call(Call<T> call) throws TokenRequestException {
            Instant start = clock.instant();
            for (int tries = 1; ; tries++) {
                try {
                    return call.run();
                } catch (TokenRequestException e) {
                    Duration pause = pause(e, tries);
                    Duration spent = Duration.between(start, clock.instant()).plus(pause);
                    if (tries >= maxTries(e) || !isRetryable(e, pause) || spent.compareTo(LIMIT) > 0) {
                        throw failure(e);
                    }
                    try {
                        sleeper.sleep(pause);
                    } catch (InterruptedException interrupted) {
                        Thread.currentThread().interrupt();
                        throw failure(e);
                    }
                }
            }
        }

        private TokenRequestException failure(TokenRequestException e) {
            TokenRequestException failure = e.forNonRotatingSecret();
            return withServerText ? failure : failure.withoutServerText();
        }

        @Override
        public Account account() {
            return client.account();
        }

        @Override
        public boolean rotates() {
            return false;
        }

        @Override
        public boolean needsSecret() {
            return client.needsSecret();
        }

        @Override
        public Duration longestParentAge() {
            return client.longestParentAge();
        }

        @Override
        public TokenResponse requestToken(String secret) throws TokenRequestException {
            return call(() -> client.requestToken(secret));
        }

        /** Sends the secret after {@link #MAX_RENEWALS} lost responses: the session may be what the server fails on. */
        @Override
        public TokenResponse refreshSession(String secret, String session) throws TokenRequestException {
            AtomicInteger unanswered = new AtomicInteger();
            return call(() -> {
                if (unanswered.get() == MAX_RENEWALS) {
                    return client.requestToken(secret);
                }
                try {
                    return client.refreshSession(secret, session);
                } catch (TokenRequestException.OutcomeUnknown e) {
                    unanswered.incrementAndGet();
                    throw e;
                }
            });
        }

        /** Once: the session ends by itself, and no person waits for this. */
        @Override
        public void revokeSession(String session) throws TokenRequestException {
            client.revokeSession(session);
        }

        @Override
        public boolean regenerates() {
            return client.regenerates();
        }

        /** Once: the server may have issued the new secret in the response that was lost. */
        @Override
        public RegeneratedSecret regenerate(String secret, @CheckForNull AccessToken accessToken)
                throws TokenRequestException {
            return client.regenerate(secret, accessToken);
        }

        @CheckForNull
        @Override
        public Instant secretExpiry(String secret, @CheckForNull AccessToken accessToken) throws TokenRequestException {
            return call(() -> client.secretExpiry(secret, accessToken));
        }

        @Override
        public boolean expiryNeedsAccessToken() {
            return client.expiryNeedsAccessToken();
        }

        @CheckForNull
        @Override
        public String warning(AccessToken accessToken) {
            return client.warning(accessToken);
        }
    }
}
