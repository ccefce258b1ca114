package io.jenkins.plugins.vcftoken.lease;

import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.TokenIssuedEvent;
import io.jenkins.plugins.vcftoken.rotation.TokenListener;
import io.jenkins.plugins.vcftoken.rotation.TokenManager;
import io.jenkins.plugins.vcftoken.rotation.TokenResult;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BinaryOperator;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Opens leases and lists them. The leases of one credential share one {@link RenewedToken}; credentials with the same
 * token share requests in {@link TokenManager}.
 */
public final class LeaseManager {

    private static final Logger LOGGER = Logger.getLogger(LeaseManager.class.getName());

    /**
     * The longest time for which {@link #open} waits until a token with a lost response is sent once more. By default
     * that happens within a minute.
     */
    static final Duration LONGEST_WAIT = Duration.ofMinutes(5);

    private final TokenManager manager;
    private final TokenListener listener;
    private final ScheduledExecutorService timer;
    private final InstantSource clock;
    private final RenewalPolicy policy;
    private final Set<RenewedToken> tokens = ConcurrentHashMap.newKeySet();

    /** By family: when the last access token that was issued without a lease expires. */
    private final ConcurrentMap<String, Instant> issuedWithoutLease = new ConcurrentHashMap<>();

    /** @param timer starts tasks that do not block */
    public LeaseManager(
            TokenManager manager, ScheduledExecutorService timer, InstantSource clock, RenewalPolicy policy) {
        this.manager = manager;
        this.listener = manager.listener();
        this.timer = timer;
        this.clock = clock;
        this.policy = policy;
    }

    /**
     * Waits for an access token that is valid for long enough, and renews it until the lease is closed.
     *
     * @param minimumValidity of the access token; half its lifetime where that is less
     * @throws TokenUnavailableException when there is no access token
     */
    public Lease open(CredentialHandle handle, Duration minimumValidity, LeaseOwner owner)
            throws TokenUnavailableException, InterruptedException {
        Instant begin = clock.instant();
        TokenResult result = awaitRetry(handle, minimumValidity, owner);
        Duration waited = Duration.between(begin, clock.instant());
        TokenUnavailableException error = result.error();
        if (error != null) {
            owner.warn(error.getMessage() + " The current access token expires at "
                    + result.accessToken().expiresAt().truncatedTo(ChronoUnit.SECONDS) + ".");
        }
        if (result.warning() != null) {
            owner.warn(result.warning());
        }
        Lease lease = join(handle, result, owner);
        listener.leaseOpened(
                new TokenIssuedEvent(owner.who(), handle, result.account(), lease.accessToken(), true), waited);
        if (manager.isReleased(result)) {
            replaceReleased(lease, handle, minimumValidity, owner);
        }
        return lease;
    }

    /** Like {@link #await}, but waits for the next request where that is due soon. */
    private TokenResult awaitRetry(CredentialHandle handle, Duration minimumValidity, LeaseOwner owner)
            throws TokenUnavailableException, InterruptedException {
        try {
            return manager.await(handle, isValidFor(minimumValidity));
        } catch (TokenUnavailableException e) {
            Instant retry = e.retry();
            Duration pause = retry == null ? LONGEST_WAIT : Duration.between(clock.instant(), retry);
            if (pause.compareTo(LONGEST_WAIT) >= 0) {
                listener.denied(owner.who(), handle, e);
                throw e;
            }
            owner.warn(e.getMessage() + " This block waits until then.");
            sleep(pause);
            return await(handle, minimumValidity, owner.who());
        }
    }

    private void sleep(Duration pause) throws InterruptedException {
        CountDownLatch over = new CountDownLatch(1);
        Future<?> wake = timer.schedule(over::countDown, pause.toMillis(), TimeUnit.MILLISECONDS);
        try {
            over.await();
        } finally {
            wake.cancel(false);
        }
    }

    private TokenResult await(CredentialHandle handle, Duration minimumValidity, String who)
            throws TokenUnavailableException, InterruptedException {
        try {
            return manager.await(handle, isValidFor(minimumValidity));
        } catch (TokenUnavailableException e) {
            listener.denied(who, handle, e);
            throw e;
        }
    }

    /** One thread at a time, so that leases that are opened together share. */
    private synchronized Lease join(CredentialHandle handle, TokenResult result, LeaseOwner owner) {
        for (RenewedToken token : tokens) {
            Lease lease = token.join(handle, owner, result);
            if (lease != null) {
                return lease;
            }
        }
        RenewedToken token = new RenewedToken(manager, handle, result, timer, clock, policy, this::onEnd);
        tokens.add(token);
        return token.join(handle, owner, result);
    }

    /**
     * The last lease of before has revoked the access token meanwhile; the open lease keeps its successor from that.
     */
    private void replaceReleased(Lease lease, CredentialHandle handle, Duration minimumValidity, LeaseOwner owner)
            throws TokenUnavailableException, InterruptedException {
        boolean done = false;
        AccessToken old = lease.accessToken();
        try {
            lease.publish(await(handle, minimumValidity, owner.who()), old);
            done = true;
        } finally {
            if (!done) {
                lease.close();
            }
        }
    }

    /**
     * An access token that is not renewed.
     *
     * @param minimumValidity as for {@link #open}
     * @param who for audit and display
     */
    public AccessToken issueWithoutLease(CredentialHandle handle, Duration minimumValidity, String who)
            throws TokenUnavailableException, InterruptedException {
        Instant begin = clock.instant();
        TokenResult result = await(handle, minimumValidity, who);
        issuedWithoutLease.values().removeIf(until -> !begin.isBefore(until));
        issuedWithoutLease.merge(
                result.familyId(), result.accessToken().expiresAt(), BinaryOperator.maxBy(Comparator.naturalOrder()));
        listener.leaseOpened(
                new TokenIssuedEvent(who, handle, result.account(), result.accessToken(), false),
                Duration.between(begin, clock.instant()));
        return result.accessToken();
    }

    /**
     * Requests a new access token; open leases of the credential have it when this returns. A request that began before
     * does not count. Other credentials with the same token renew in the background.
     *
     * @throws TokenUnavailableException when there is no new access token; open leases keep their current one
     */
    public AccessToken renew(CredentialHandle handle) throws TokenUnavailableException, InterruptedException {
        TokenResult result = awaitIssuedFromNow(handle);
        TokenUnavailableException error = result.error();
        if (error != null) {
            throw new TokenUnavailableException(error.getMessage(), error);
        }
        for (RenewedToken token : tokens) {
            if (token.isSharedBy(handle, result)) {
                token.publish(result, result.accessToken());
            } else if (token.hasFamilyOf(result)) {
                token.renew();
            }
        }
        return result.accessToken();
    }

    private TokenResult awaitIssuedFromNow(CredentialHandle handle)
            throws TokenUnavailableException, InterruptedException {
        Instant begin = clock.instant();
        return manager.await(handle, token -> !token.issuedAt().isBefore(begin));
    }

    /**
     * Starts overdue renewals. Does not block; to be called about every minute, since timers stop while a machine
     * sleeps.
     */
    public void renewOverdue() {
        tokens.forEach(RenewedToken::renewIfOverdue);
    }

    /**
     * Renews where a saved credential stores another secret now. Does not block.
     *
     * @param saved whether the credential at a location may have changed
     */
    public void renewChanged(Predicate<CredentialLocation> saved) {
        for (RenewedToken token : tokens) {
            if (saved.test(token.location())) {
                token.renewIfStoredChanged();
            }
        }
    }

    /** All open leases. */
    public List<Lease> list() {
        return tokens.stream().flatMap(token -> token.leases().stream()).toList();
    }

    /**
     * Requests a new access token for a person's connection test, and then ends its session at the server if no lease
     * uses it.
     *
     * @param stored whether the secret is of a stored credential; nothing remains of another one
     * @return with {@code error} where the request failed and an older access token is still valid
     */
    public TokenResult connectionTest(CredentialHandle handle, boolean stored)
            throws TokenUnavailableException, InterruptedException {
        try {
            TokenResult result = awaitIssuedFromNow(handle);
            if (stored) {
                manager.release(handle, result.familyId(), () -> isUnused(result.familyId()));
            }
            return result;
        } finally {
            if (!stored) {
                manager.forgetUnsaved(handle, this::isUnused);
            }
        }
    }

    /** How many access tokens are renewed. */
    int accessTokens() {
        return tokens.size();
    }

    private void onEnd(RenewedToken ended) {
        tokens.remove(ended);
        ended.releaseSessions(this::isUnused);
        issuedWithoutLease.entrySet().stream()
                .filter(issued -> ended.uses(issued.getKey()))
                .map(Map.Entry::getValue)
                .max(Comparator.naturalOrder())
                .ifPresent(until -> releaseAt(until, ended));
    }

    private void releaseAt(Instant until, RenewedToken ended) {
        Duration pause = Duration.between(clock.instant(), until);
        if (pause.isNegative()) {
            return;
        }
        try {
            timer.schedule(() -> ended.releaseSessions(this::isUnused), pause.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOGGER.log(Level.FINE, "Shutting down; the server ends the session by itself", e);
        }
    }

    private boolean isUnused(String familyId) {
        Instant until = issuedWithoutLease.get(familyId);
        return (until == null || !clock.instant().isBefore(until))
                && tokens.stream().noneMatch(token -> token.uses(familyId));
    }

    private Predicate<AccessToken> isValidFor(Duration minimumValidity) {
        return accessToken -> {
            Duration half = Duration.ofMillis(accessToken.lifetime().toMillis() / 2);
            Duration wanted = minimumValidity.compareTo(half) < 0 ? minimumValidity : half;
            return accessToken.remaining(clock.instant()).compareTo(wanted) >= 0;
        };
    }
}
