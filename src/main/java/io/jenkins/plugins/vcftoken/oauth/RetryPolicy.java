package io.jenkins.plugins.vcftoken.oauth;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.DoubleSupplier;

/**
 * Asks again where asking again costs nothing: when the server was not reached, was busy, or its answer was lost, and
 * the secret does not rotate. A refusal is final, and so is an answer that cannot be understood.
 */
public final class RetryPolicy {

    static final int MAX_TRIES = 3;

    /** Doubles with each try. */
    static final Duration FIRST_PAUSE = Duration.ofSeconds(1);

    /** A server that asks for more patience than this is not waited for; whoever renews comes back by itself. */
    static final Duration MAX_PAUSE = Duration.ofSeconds(10);

    /** How often a renewal may stay without an answer before the secret is sent instead. */
    static final int MAX_RENEWALS = 2;

    /** No try begins later than this after the first one. */
    public static final Duration LIMIT = Duration.ofSeconds(20);

    /** Waits. */
    @FunctionalInterface
    public interface Sleeper {
        void sleep(Duration pause) throws InterruptedException;
    }

    private final InstantSource clock;
    private final Sleeper sleeper;
    private final DoubleSupplier random;

    /** @param random numbers in [0, 1), so that builds that failed together do not come back together */
    public RetryPolicy(InstantSource clock, Sleeper sleeper, DoubleSupplier random) {
        this.clock = clock;
        this.sleeper = sleeper;
        this.random = random;
    }

    /** The same service, more patient; exactly the same one where its secrets rotate. */
    public TokenEndpointClient of(TokenEndpointClient service) {
        return service.rotates() ? service : new Patient(service);
    }

    private <T> T repeat(TokenClientDecorator.Call<T> attempt) throws TokenRequestException {
        Instant start = clock.instant();
        for (int tries = 1; ; tries++) {
            try {
                return attempt.run();
            } catch (TokenRequestException e) {
                Duration pause = pause(e, tries);
                Duration spent = Duration.between(start, clock.instant()).plus(pause);
                if (tries == MAX_TRIES || !isWorthARetry(e, pause) || spent.compareTo(LIMIT) > 0) {
                    throw e.forNonRotatingSecret();
                }
                try {
                    sleeper.sleep(pause);
                } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                    throw e.forNonRotatingSecret();
                }
            }
        }
    }

    private static boolean isWorthARetry(TokenRequestException e, Duration pause) {
        boolean isPassing = e instanceof TokenRequestException.Throttled
                || e instanceof TokenRequestException.OutcomeUnknown
                || (e instanceof TokenRequestException.NotSent && e.tokenError() != TokenError.NOT_TRUSTED);
        return isPassing && pause.compareTo(MAX_PAUSE) <= 0;
    }

    /** Between half and all of what is due; never less than the server asked for. */
    private Duration pause(TokenRequestException e, int tries) {
        Duration full = FIRST_PAUSE.multipliedBy(1L << (tries - 1));
        Duration jittered = Duration.ofMillis((long) (full.toMillis() * (0.5 + random.getAsDouble() / 2)));
        return e.retryAfter().plus(jittered);
    }

    private final class Patient extends TokenClientDecorator {

        Patient(TokenEndpointClient service) {
            super(service);
        }

        @Override
        public boolean rotates() {
            return false;
        }

        /** A server that fails at renewing may still take the secret: the session alone may be what it cannot find. */
        @Override
        public TokenResponse refreshSession(String secret, String session) throws TokenRequestException {
            AtomicInteger unanswered = new AtomicInteger();
            return repeat(() -> {
                if (unanswered.get() == MAX_RENEWALS) {
                    return service.requestToken(secret);
                }
                try {
                    return service.refreshSession(secret, session);
                } catch (TokenRequestException.OutcomeUnknown e) {
                    unanswered.incrementAndGet();
                    throw e;
                }
            });
        }

        @Override
        <T> T around(Call<T> call) throws TokenRequestException {
            return repeat(call);
        }
    }
}
