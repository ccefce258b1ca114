package io.jenkins.plugins.vcftoken.lease;

import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.TokenEventListener;
import io.jenkins.plugins.vcftoken.rotation.TokenIssuedEvent;
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
 * Opens leases and lists them. The leases of one credential share one {@link AutoRenewingToken}; credentials with the same
 * token share requests in {@link TokenManager}.
 */
public final class LeaseManager {

    private static final Logger LOGGER = Logger.getLogger(LeaseManager.class.getName());

    /**
     * Maximum time that {@link #open} waits for the retry of a token request with a lost response. By default, the
     * retry happens within a minute.
     */
    static final Duration MAX_WAIT = Duration.ofMinutes(5);

    private final TokenManager manager;
    private final TokenEventListener listener;
    private final ScheduledExecutorService timer;
    private final InstantSource clock;
    private final RenewalPolicy policy;
    private final Set<AutoRenewingToken> tokens = ConcurrentHashMap.newKeySet();

    /** By family ID: the latest expiry of access tokens that were issued without a lease. */
    private final ConcurrentMap<String, Instant> expiryWithoutLease = new ConcurrentHashMap<>();

    /** @param timer for tasks that do not block */
    public LeaseManager(
            TokenManager manager, ScheduledExecutorService timer, InstantSource clock, RenewalPolicy policy) {
        this.manager = manager;
        this.listener = manager.listener();
        this.timer = timer;
        this.clock = clock;
        this.policy = policy;
    }

    /**
     * Obtains an access token with a minimum validity and renews it until the lease is closed. Blocks.
     *
     * @param minimumValidity of the access token; limited to half its lifetime
     * @throws TokenUnavailableException if there is no access token
     */
    public Lease open(CredentialHandle handle, Duration minimumValidity, LeaseOwnerCallback owner)
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
                new TokenIssuedEvent(owner.displayName(), handle, result.account(), lease.accessToken(), true), waited);
        if (manager.isReleased(result)) {
            replaceReleased(lease, handle, minimumValidity, owner);
        }
        return lease;
    }

    /** Like {@link #await}, but waits for a scheduled retry if it is due soon. */
    private TokenResult awaitRetry(CredentialHandle handle, Duration minimumValidity, LeaseOwnerCallback owner)
            throws TokenUnavailableException, InterruptedException {
        try {
            return manager.await(handle, isValidFor(minimumValidity));
        } catch (TokenUnavailableException e) {
            Instant retry = e.retry();
            Duration pause = retry == null ? MAX_WAIT : Duration.between(clock.instant(), retry);
            if (pause.compareTo(MAX_WAIT) >= 0) {
                listener.denied(owner.displayName(), handle, e);
                throw e;
            }
            owner.warn(e.getMessage() + " This block waits until then.");
            sleep(pause);
            return await(handle, minimumValidity, owner.displayName());
        }
    }

    private void sleep(Duration pause) throws InterruptedException {
        CountDownLatch elapsed = new CountDownLatch(1);
        Future<?> wakeUp = timer.schedule(elapsed::countDown, pause.toMillis(), TimeUnit.MILLISECONDS);
        try {
            elapsed.await();
        } finally {
            wakeUp.cancel(false);
        }
    }

    private TokenResult await(CredentialHandle handle, Duration minimumValidity, String owner)
            throws TokenUnavailableException, InterruptedException {
        try {
            return manager.await(handle, isValidFor(minimumValidity));
        } catch (TokenUnavailableException e) {
            listener.denied(owner, handle, e);
            throw e;
        }
    }

    /** Synchronized, so that leases that are opened concurrently share a token. */
    private synchronized Lease join(CredentialHandle handle, TokenResult result, LeaseOwnerCallback owner) {
        for (AutoRenewingToken token : tokens) {
            Lease lease = token.join(handle, owner, result);
            if (lease != null) {
                return lease;
            }
        }
        AutoRenewingToken token = new AutoRenewingToken(manager, handle, result, timer, clock, policy, this::onEnd);
        tokens.add(token);
        return token.join(handle, owner, result);
    }

    /**
     * Replaces an access token that the previous last lease has revoked meanwhile; the new lease protects its
     * successor.
     */
    private void replaceReleased(
            Lease lease, CredentialHandle handle, Duration minimumValidity, LeaseOwnerCallback owner)
            throws TokenUnavailableException, InterruptedException {
        boolean replaced = false;
        AccessToken old = lease.accessToken();
        try {
            lease.publish(await(handle, minimumValidity, owner.displayName()), old);
            replaced = true;
        } finally {
            if (!replaced) {
                lease.close();
            }
        }
    }

    /**
     * Returns an access token that is not renewed. Blocks unless one is cached.
     *
     * @param minimumValidity as for {@link #open}
     * @param owner for audit and display
     */
    public AccessToken issueWithoutLease(CredentialHandle handle, Duration minimumValidity, String owner)
            throws TokenUnavailableException, InterruptedException {
        Instant begin = clock.instant();
        TokenResult result = await(handle, minimumValidity, owner);
        expiryWithoutLease.values().removeIf(expiry -> !begin.isBefore(expiry));
        expiryWithoutLease.merge(
                result.familyId(), result.accessToken().expiresAt(), BinaryOperator.maxBy(Comparator.naturalOrder()));
        listener.leaseOpened(
                new TokenIssuedEvent(owner, handle, result.account(), result.accessToken(), false),
                Duration.between(begin, clock.instant()));
        return result.accessToken();
    }

    /**
     * Requests a new access token and gives it to the open leases of the credential. Does not join an earlier request.
     * Other credentials with the same token renew in the background. Blocks.
     *
     * @throws TokenUnavailableException if there is no new access token; open leases keep their current one
     */
    public AccessToken renew(CredentialHandle handle) throws TokenUnavailableException, InterruptedException {
        TokenResult result = awaitNewToken(handle);
        TokenUnavailableException error = result.error();
        if (error != null) {
            throw new TokenUnavailableException(error.getMessage(), error);
        }
        for (AutoRenewingToken token : tokens) {
            if (token.isSharedBy(handle, result)) {
                token.publish(result, result.accessToken());
            } else if (token.hasFamilyOf(result)) {
                token.renew();
            }
        }
        return result.accessToken();
    }

    private TokenResult awaitNewToken(CredentialHandle handle) throws TokenUnavailableException, InterruptedException {
        Instant begin = clock.instant();
        return manager.await(handle, token -> !token.issuedAt().isBefore(begin));
    }

    /**
     * Starts overdue renewals. Does not block. To be called about every minute, since timers stop while a machine is
     * suspended.
     */
    public void renewOverdue() {
        tokens.forEach(AutoRenewingToken::renewIfOverdue);
    }

    /**
     * Renews the leases of credentials with a changed stored secret. Does not block.
     *
     * @param saved whether the credential at a location may have changed
     */
    public void renewChanged(Predicate<CredentialLocation> saved) {
        for (AutoRenewingToken token : tokens) {
            if (saved.test(token.location())) {
                token.renewIfStoredChanged();
            }
        }
    }

    public List<Lease> list() {
        return tokens.stream().flatMap(token -> token.leases().stream()).toList();
    }

    /**
     * Requests a new access token for "Test connection", then ends its session at the server unless a lease uses it.
     * Blocks.
     *
     * @param stored whether the secret belongs to a stored credential; nothing is kept of an unsaved one
     * @return with {@code error} if the request failed and an older access token is still valid
     */
    public TokenResult connectionTest(CredentialHandle handle, boolean stored)
            throws TokenUnavailableException, InterruptedException {
        try {
            TokenResult result = awaitNewToken(handle);
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

    /** Number of access tokens that are renewed. */
    int tokenCount() {
        return tokens.size();
    }

    private void onEnd(AutoRenewingToken ended) {
        tokens.remove(ended);
        ended.releaseSessions(this::isUnused);
        expiryWithoutLease.entrySet().stream()
                .filter(issued -> ended.uses(issued.getKey()))
                .map(Map.Entry::getValue)
                .max(Comparator.naturalOrder())
                .ifPresent(expiry -> releaseAt(expiry, ended));
    }

    private void releaseAt(Instant expiry, AutoRenewingToken ended) {
        Duration pause = Duration.between(clock.instant(), expiry);
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
        Instant expiry = expiryWithoutLease.get(familyId);
        return (expiry == null || !clock.instant().isBefore(expiry))
                && tokens.stream().noneMatch(token -> token.uses(familyId));
    }

    private Predicate<AccessToken> isValidFor(Duration minimumValidity) {
        return accessToken -> {
            Duration half = Duration.ofMillis(accessToken.lifetime().toMillis() / 2);
            Duration required = minimumValidity.compareTo(half) < 0 ? minimumValidity : half;
            return accessToken.remaining(clock.instant()).compareTo(required) >= 0;
        };
    }
}
