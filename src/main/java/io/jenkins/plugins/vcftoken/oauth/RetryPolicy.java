package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.DoubleSupplier;

/**
 * Retries requests with secrets that do not rotate if the server is unreachable or busy, or its response is lost. Does
 * not retry after rejections and invalid responses.
 */
public final class RetryPolicy {

    static final int MAX_ATTEMPTS = 3;

    /** Limit after a probable rejection: one retry, in case of a temporary server error. */
    static final int MAX_ATTEMPTS_AFTER_PROBABLE_REJECTION = 2;

    /** Doubles with each attempt. */
    static final Duration INITIAL_DELAY = Duration.ofSeconds(1);

    /** There is no retry if the server requests a longer delay; lease renewals have their own timer. */
    static final Duration MAX_DELAY = Duration.ofSeconds(10);

    /** Number of lost responses to session refreshes after which the secret is sent instead. */
    static final int MAX_LOST_REFRESHES = 2;

    /** Maximum time from the start of the first attempt to the start of the last one. */
    public static final Duration MAX_ELAPSED = Duration.ofSeconds(20);

    @FunctionalInterface
    public interface Sleeper {
        void sleep(Duration delay) throws InterruptedException;
    }

    private final InstantSource clock;
    private final Sleeper sleeper;
    private final DoubleSupplier random;

    /** @param random numbers in [0, 1) for the jitter, so that builds do not retry simultaneously */
    public RetryPolicy(InstantSource clock, Sleeper sleeper, DoubleSupplier random) {
        this.clock = clock;
        this.sleeper = sleeper;
        this.random = random;
    }

    /** @return a client that retries the requests of the given client; the given client if its secrets rotate */
    public TokenClient decorate(TokenClient client) {
        return client.rotates() ? client : new RetryingClient(client, true);
    }

    /**
     * Like {@link #decorate}, for a URL in a form: errors do not contain text of the server, so that "Test connection"
     * cannot be used to read internal servers (SSRF).
     */
    public TokenClient decorateWithoutServerText(TokenClient client) {
        return client.rotates() ? client : new RetryingClient(client, false);
    }

    private static boolean isRetryable(TokenRequestException e, Duration delay) {
        boolean isTemporary = e instanceof TokenRequestException.Throttled
                || e instanceof TokenRequestException.OutcomeUnknown
                || (e instanceof TokenRequestException.NotSent && e.errorType() != TokenErrorType.NOT_TRUSTED);
        return isTemporary && delay.compareTo(MAX_DELAY) <= 0;
    }

    private static int maxAttempts(TokenRequestException e) {
        return e.errorType().isProbablyRejection() ? MAX_ATTEMPTS_AFTER_PROBABLE_REJECTION : MAX_ATTEMPTS;
    }

    /** Half to all of the delay of this attempt, in addition to the delay requested by the server. */
    private Duration delay(TokenRequestException e, int attempt) {
        Duration full = INITIAL_DELAY.multipliedBy(1L << (attempt - 1));
        Duration jittered = Duration.ofMillis((long) (full.toMillis() * (0.5 + random.getAsDouble() / 2)));
        return e.retryAfter().plus(jittered);
    }

    @FunctionalInterface
    private interface Call<T> {
        T run() throws TokenRequestException;
    }

    private final class RetryingClient implements TokenClient {

        private final TokenClient client;
        private final boolean withServerText;

        RetryingClient(TokenClient client, boolean withServerText) {
            this.client = client;
            this.withServerText = withServerText;
        }

        private <T> T call(Call<T> call) throws TokenRequestException {
            Instant start = clock.instant();
            for (int attempt = 1; ; attempt++) {
                try {
                    return call.run();
                } catch (TokenRequestException e) {
                    Duration delay = delay(e, attempt);
                    Duration elapsed = Duration.between(start, clock.instant()).plus(delay);
                    if (attempt >= maxAttempts(e) || !isRetryable(e, delay) || elapsed.compareTo(MAX_ELAPSED) > 0) {
                        throw failure(e);
                    }
                    try {
                        sleeper.sleep(delay);
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
        public Duration maxParentTokenAge() {
            return client.maxParentTokenAge();
        }

        @Override
        public TokenResponse requestToken(String secret) throws TokenRequestException {
            return call(() -> client.requestToken(secret));
        }

        /**
         * Sends the secret after {@link #MAX_LOST_REFRESHES} lost responses: the session may be the cause of a server
         * error.
         */
        @Override
        public TokenResponse refreshSession(String secret, String session) throws TokenRequestException {
            AtomicInteger lostResponses = new AtomicInteger();
            return call(() -> {
                if (lostResponses.get() == MAX_LOST_REFRESHES) {
                    return client.requestToken(secret);
                }
                try {
                    return client.refreshSession(secret, session);
                } catch (TokenRequestException.OutcomeUnknown e) {
                    lostResponses.incrementAndGet();
                    throw e;
                }
            });
        }

        /** Not retried: the session expires anyway. */
        @Override
        public void revokeSession(String session) throws TokenRequestException {
            client.revokeSession(session);
        }

        @Override
        public boolean regenerates() {
            return client.regenerates();
        }

        /** Not retried: the lost response may contain the only copy of the new secret. */
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
