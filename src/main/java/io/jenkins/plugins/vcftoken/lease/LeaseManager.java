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
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BinaryOperator;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * All open leases. Those of one credential share one access token and one timer. Credentials that have the same token share its
 * exchanges, which is for {@link TokenManager} to see to.
 */
public final class LeaseManager {

    private static final Logger LOGGER = Logger.getLogger(LeaseManager.class.getName());

    /**
     * A block that opens waits for the one more request after a lost answer where that is due within this time. By
     * default it is due within a minute.
     */
    static final Duration LONGEST_WAIT = Duration.ofMinutes(5);

    private final TokenManager families;
    private final TokenListener listener;
    private final ScheduledExecutorService timer;
    private final InstantSource clock;
    private final RenewalPolicy renewal;
    private final Set<RenewedToken> shared = ConcurrentHashMap.newKeySet();

    /** Until when each family's access tokens that were given for once may be in use. */
    private final ConcurrentMap<String, Instant> once = new ConcurrentHashMap<>();

    /** @param timer only ever starts work, never does it */
    public LeaseManager(
            TokenManager families, ScheduledExecutorService timer, InstantSource clock, RenewalPolicy renewal) {
        this.families = families;
        this.listener = families.listener();
        this.timer = timer;
        this.clock = clock;
        this.renewal = renewal;
    }

    /**
     * Waits for an access token that will last, and keeps it fresh from then on.
     *
     * @param minimumValidity what must remain of it; half its lifetime is enough where that is less
     * @throws TokenUnavailableException when none can be had
     */
    public Lease open(CredentialHandle handle, Duration minimumValidity, LeaseOwner owner)
            throws TokenUnavailableException, InterruptedException {
        Instant asked = clock.instant();
        TokenResult result = awaitRetry(handle, minimumValidity, owner);
        Duration waited = Duration.between(asked, clock.instant());
        return join(result, handle, minimumValidity, owner, waited);
    }

    /** Like {@link #await}, but where the next request is due soon, it is waited for. */
    private TokenResult awaitRetry(CredentialHandle handle, Duration minimumValidity, LeaseOwner owner)
            throws TokenUnavailableException, InterruptedException {
        try {
            return families.await(handle, lastsFor(minimumValidity));
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
        CancelableTask wake = new CancelableTask(timer, pause, over::countDown);
        try {
            over.await();
        } finally {
            wake.cancel();
        }
    }

    private TokenResult await(CredentialHandle handle, Duration minimumValidity, String who)
            throws TokenUnavailableException, InterruptedException {
        try {
            return families.await(handle, lastsFor(minimumValidity));
        } catch (TokenUnavailableException e) {
            listener.denied(who, handle, e);
            throw e;
        }
    }

    private Lease join(
            TokenResult result, CredentialHandle handle, Duration minimumValidity, LeaseOwner owner, Duration waited)
            throws TokenUnavailableException, InterruptedException {
        TokenUnavailableException error = result.error();
        if (error != null) {
            owner.warn(error.getMessage() + " The access token at hand serves until "
                    + result.accessToken().expiresAt() + ".");
        }
        if (result.warning() != null) {
            owner.warn(result.warning());
        }
        RenewedToken.LeaseHandle lease = share(handle, result, owner);
        listener.leaseOpened(
                new TokenIssuedEvent(owner.who(), handle, result.account(), lease.accessToken(), true), waited);
        return families.isReleased(result) ? reopened(lease, handle, minimumValidity, owner) : lease;
    }

    /** One at a time, or two that open at once would not share. */
    private synchronized RenewedToken.LeaseHandle share(CredentialHandle handle, TokenResult result, LeaseOwner owner) {
        for (RenewedToken accessToken : shared) {
            RenewedToken.LeaseHandle lease = accessToken.join(handle, owner, result);
            if (lease != null) {
                return lease;
            }
        }
        RenewedToken accessToken = new RenewedToken(families, handle, result, timer, clock, renewal, this::forget);
        shared.add(accessToken);
        // Not null: nobody else has it yet.
        return accessToken.join(handle, owner, result);
    }

    /**
     * An access token for once, with no promise to renew it.
     *
     * @param who wants it, for people
     */
    public AccessToken once(CredentialHandle handle, Duration minimumValidity, String who)
            throws TokenUnavailableException, InterruptedException {
        Instant asked = clock.instant();
        TokenResult result = await(handle, minimumValidity, who);
        once.values().removeIf(until -> !asked.isBefore(until));
        once.merge(
                result.familyId(), result.accessToken().expiresAt(), BinaryOperator.maxBy(Comparator.naturalOrder()));
        listener.leaseOpened(
                new TokenIssuedEvent(who, handle, result.account(), result.accessToken(), false),
                Duration.between(asked, clock.instant()));
        return result.accessToken();
    }

    /**
     * An exchange now, whatever access token is at hand; open blocks of the credential have its access token when this returns. An
     * exchange that is in flight does not count, since nobody knows when it was asked for. Other credentials with the same
     * token look for theirs at once.
     *
     * @throws TokenUnavailableException when the exchange brought no access token; open blocks keep the one they have
     */
    public AccessToken renew(CredentialHandle handle) throws TokenUnavailableException, InterruptedException {
        Instant asked = clock.instant();
        TokenResult result =
                families.await(handle, accessToken -> !accessToken.issuedAt().isBefore(asked));
        TokenUnavailableException error = result.error();
        if (error != null) {
            throw new TokenUnavailableException(error.getMessage(), error);
        }
        for (RenewedToken open : shared) {
            if (open.isFor(handle, result)) {
                open.publish(result, result.accessToken());
            } else if (open.isOf(result)) {
                open.renew();
            }
        }
        return result.accessToken();
    }

    /** Renews what should have been renewed while timers stood still. Does not block; to be called every minute or so. */
    public void renewOverdue() {
        shared.forEach(RenewedToken::renewIfOverdue);
    }

    /**
     * After credentials were saved: renews where another secret is stored by now. Does not block.
     *
     * @param saved which places may have another one
     */
    public void renewChanged(Predicate<CredentialLocation> saved) {
        for (RenewedToken accessToken : shared) {
            if (saved.test(accessToken.location())) {
                accessToken.renewIfStoredChanged();
            }
        }
    }

    /** Who holds a lease now, and of which credential. */
    public List<LeaseInfo> list() {
        List<LeaseInfo> list = new ArrayList<>();
        shared.forEach(accessToken -> list.addAll(accessToken.open()));
        return list;
    }

    /**
     * A person's test: exchanges now, whatever is warm, and ends the session with the server if no block uses it.
     *
     * @param stored whether the secret is a stored credential's; of any other one nothing is left behind
     * @return with {@code trouble} where the exchange failed and an older access token is still alive
     */
    public TokenResult connectionTest(CredentialHandle handle, boolean stored)
            throws TokenUnavailableException, InterruptedException {
        Instant now = clock.instant();
        try {
            TokenResult result = families.await(
                    handle, accessToken -> !accessToken.issuedAt().isBefore(now));
            if (stored) {
                families.release(handle, result.familyId(), () -> isUnused(result.familyId()));
            }
            return result;
        } finally {
            if (!stored) {
                families.forgetTrial(handle, this::isUnused);
            }
        }
    }

    /** How many access tokens are kept fresh. */
    int accessTokens() {
        return shared.size();
    }

    /** The last lease of before closed just now, and its access token went with it. This one keeps the next from that. */
    private Lease reopened(
            RenewedToken.LeaseHandle lease, CredentialHandle handle, Duration minimumValidity, LeaseOwner owner)
            throws TokenUnavailableException, InterruptedException {
        boolean done = false;
        AccessToken old = lease.accessToken();
        try {
            lease.publish(await(handle, minimumValidity, owner.who()), old);
            done = true;
            return lease;
        } finally {
            if (!done) {
                lease.close();
            }
        }
    }

    private void forget(RenewedToken ended) {
        shared.remove(ended);
        ended.release(this::isUnused);
        once.entrySet().stream()
                .filter(given -> ended.uses(given.getKey()))
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
            timer.schedule(() -> ended.release(this::isUnused), pause.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOGGER.log(Level.FINE, "Shutting down; the server ends the session by itself", e);
        }
    }

    private boolean isUnused(String familyId) {
        Instant until = once.get(familyId);
        return (until == null || !clock.instant().isBefore(until))
                && shared.stream().noneMatch(accessToken -> accessToken.uses(familyId));
    }

    private Predicate<AccessToken> lastsFor(Duration minimumValidity) {
        return accessToken -> {
            Instant now = clock.instant();
            Duration half = Duration.ofMillis(accessToken.lifetime().toMillis() / 2);
            Duration wanted = minimumValidity.compareTo(half) < 0 ? minimumValidity : half;
            return accessToken.remaining(now).compareTo(wanted) >= 0;
        };
    }
}
