package io.jenkins.plugins.vcftoken.lease;

import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.family.Families;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.family.Handout;
import io.jenkins.plugins.vcftoken.family.Holder;
import io.jenkins.plugins.vcftoken.family.Place;
import io.jenkins.plugins.vcftoken.family.Supply;
import io.jenkins.plugins.vcftoken.family.TokenListener;
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
 * All open leases. Those of one credential share one bearer and one timer. Credentials that have the same token share its
 * exchanges, which is for {@link Families} to see to.
 */
public final class Leases {

    private static final Logger LOGGER = Logger.getLogger(Leases.class.getName());

    /**
     * A block that opens waits for the one more request after a lost answer where that is due within this time. By
     * default it is due within a minute.
     */
    static final Duration LONGEST_WAIT = Duration.ofMinutes(5);

    private final Families families;
    private final TokenListener listener;
    private final ScheduledExecutorService timer;
    private final InstantSource clock;
    private final Renewal renewal;
    private final Set<SharedBearer> shared = ConcurrentHashMap.newKeySet();

    /** Until when each family's access tokens that were given for once may be in use. */
    private final ConcurrentMap<String, Instant> once = new ConcurrentHashMap<>();

    /** @param timer only ever starts work, never does it */
    public Leases(Families families, ScheduledExecutorService timer, InstantSource clock, Renewal renewal) {
        this.families = families;
        this.listener = families.listener();
        this.timer = timer;
        this.clock = clock;
        this.renewal = renewal;
    }

    /**
     * Waits for a bearer that will last, and keeps it fresh from then on.
     *
     * @param minimumValidity what must remain of it; half its lifetime is enough where that is less
     * @throws FamilyException when none can be had
     */
    public Lease open(Holder holder, Duration minimumValidity, Tenant tenant)
            throws FamilyException, InterruptedException {
        Instant asked = clock.instant();
        Supply supply = awaitRetry(holder, minimumValidity, tenant);
        Duration waited = Duration.between(asked, clock.instant());
        return join(supply, holder, minimumValidity, tenant, waited);
    }

    /** Like {@link #await}, but where the next request is due soon, it is waited for. */
    private Supply awaitRetry(Holder holder, Duration minimumValidity, Tenant tenant)
            throws FamilyException, InterruptedException {
        try {
            return families.await(holder, lastsFor(minimumValidity));
        } catch (FamilyException e) {
            Instant retry = e.retry();
            Duration pause = retry == null ? LONGEST_WAIT : Duration.between(clock.instant(), retry);
            if (pause.compareTo(LONGEST_WAIT) >= 0) {
                listener.denied(tenant.who(), holder, e);
                throw e;
            }
            tenant.warn(e.getMessage() + " This block waits until then.");
            sleep(pause);
            return await(holder, minimumValidity, tenant.who());
        }
    }

    private void sleep(Duration pause) throws InterruptedException {
        CountDownLatch over = new CountDownLatch(1);
        Wake wake = new Wake(timer, pause, over::countDown);
        try {
            over.await();
        } finally {
            wake.cancel();
        }
    }

    private Supply await(Holder holder, Duration minimumValidity, String who)
            throws FamilyException, InterruptedException {
        try {
            return families.await(holder, lastsFor(minimumValidity));
        } catch (FamilyException e) {
            listener.denied(who, holder, e);
            throw e;
        }
    }

    private Lease join(Supply supply, Holder holder, Duration minimumValidity, Tenant tenant, Duration waited)
            throws FamilyException, InterruptedException {
        FamilyException trouble = supply.trouble();
        if (trouble != null) {
            tenant.warn(trouble.getMessage() + " The bearer at hand serves until "
                    + supply.bearer().expiresAt() + ".");
        }
        if (supply.doubt() != null) {
            tenant.warn(supply.doubt());
        }
        SharedBearer.Held lease = share(holder, supply, tenant);
        listener.gave(new Handout(tenant.who(), holder, supply.endpoint(), lease.bearer(), true), waited);
        return families.isReleased(supply) ? reopened(lease, holder, minimumValidity, tenant) : lease;
    }

    /** One at a time, or two that open at once would not share. */
    private synchronized SharedBearer.Held share(Holder holder, Supply supply, Tenant tenant) {
        for (SharedBearer bearer : shared) {
            SharedBearer.Held lease = bearer.join(holder, tenant, supply);
            if (lease != null) {
                return lease;
            }
        }
        SharedBearer bearer = new SharedBearer(families, holder, supply, timer, clock, renewal, this::forget);
        shared.add(bearer);
        // Not null: nobody else has it yet.
        return bearer.join(holder, tenant, supply);
    }

    /**
     * A bearer for once, with no promise to renew it.
     *
     * @param who wants it, for people
     */
    public Bearer once(Holder holder, Duration minimumValidity, String who)
            throws FamilyException, InterruptedException {
        Instant asked = clock.instant();
        Supply supply = await(holder, minimumValidity, who);
        once.values().removeIf(until -> !asked.isBefore(until));
        once.merge(supply.familyId(), supply.bearer().expiresAt(), BinaryOperator.maxBy(Comparator.naturalOrder()));
        listener.gave(
                new Handout(who, holder, supply.endpoint(), supply.bearer(), false),
                Duration.between(asked, clock.instant()));
        return supply.bearer();
    }

    /**
     * An exchange now, whatever bearer is at hand; open blocks of the credential have its bearer when this returns. An
     * exchange that is in flight does not count, since nobody knows when it was asked for. Other credentials with the same
     * token look for theirs at once.
     *
     * @throws FamilyException when the exchange brought no bearer; open blocks keep the one they have
     */
    public Bearer renew(Holder holder) throws FamilyException, InterruptedException {
        Instant asked = clock.instant();
        Supply supply = families.await(holder, bearer -> !bearer.issuedAt().isBefore(asked));
        FamilyException trouble = supply.trouble();
        if (trouble != null) {
            throw new FamilyException(trouble.getMessage(), trouble);
        }
        for (SharedBearer open : shared) {
            if (open.isFor(holder, supply)) {
                open.publish(supply, supply.bearer());
            } else if (open.isOf(supply)) {
                open.renew();
            }
        }
        return supply.bearer();
    }

    /** Renews what should have been renewed while timers stood still. Does not block; to be called every minute or so. */
    public void renewOverdue() {
        shared.forEach(SharedBearer::renewIfOverdue);
    }

    /**
     * After credentials were saved: renews where another secret is stored by now. Does not block.
     *
     * @param saved which places may have another one
     */
    public void renewChanged(Predicate<Place> saved) {
        for (SharedBearer bearer : shared) {
            if (saved.test(bearer.place())) {
                bearer.renewIfStoredChanged();
            }
        }
    }

    /** Who holds a lease now, and of which credential. */
    public List<OpenLease> list() {
        List<OpenLease> list = new ArrayList<>();
        shared.forEach(bearer -> list.addAll(bearer.open()));
        return list;
    }

    /**
     * A person's test: exchanges now, whatever is warm, and ends the session with the server if no block uses it.
     *
     * @param stored whether the secret is a stored credential's; of any other one nothing is left behind
     * @return with {@code trouble} where the exchange failed and an older bearer is still alive
     */
    public Supply trial(Holder holder, boolean stored) throws FamilyException, InterruptedException {
        Instant now = clock.instant();
        try {
            Supply supply = families.await(holder, bearer -> !bearer.issuedAt().isBefore(now));
            if (stored) {
                families.release(holder, supply.familyId(), () -> isUnused(supply.familyId()));
            }
            return supply;
        } finally {
            if (!stored) {
                families.forgetTrial(holder, this::isUnused);
            }
        }
    }

    /** How many bearers are kept fresh. */
    int bearers() {
        return shared.size();
    }

    /** The last lease of before closed just now, and its bearer went with it. This one keeps the next from that. */
    private Lease reopened(SharedBearer.Held lease, Holder holder, Duration minimumValidity, Tenant tenant)
            throws FamilyException, InterruptedException {
        boolean done = false;
        Bearer old = lease.bearer();
        try {
            lease.publish(await(holder, minimumValidity, tenant.who()), old);
            done = true;
            return lease;
        } finally {
            if (!done) {
                lease.close();
            }
        }
    }

    private void forget(SharedBearer ended) {
        shared.remove(ended);
        ended.release(this::isUnused);
        once.entrySet().stream()
                .filter(given -> ended.uses(given.getKey()))
                .map(Map.Entry::getValue)
                .max(Comparator.naturalOrder())
                .ifPresent(until -> releaseAt(until, ended));
    }

    private void releaseAt(Instant until, SharedBearer ended) {
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
                && shared.stream().noneMatch(bearer -> bearer.uses(familyId));
    }

    private Predicate<Bearer> lastsFor(Duration minimumValidity) {
        return bearer -> {
            Instant now = clock.instant();
            Duration half = Duration.ofMillis(bearer.lifetime().toMillis() / 2);
            Duration wanted = minimumValidity.compareTo(half) < 0 ? minimumValidity : half;
            return bearer.remaining(now).compareTo(wanted) >= 0;
        };
    }
}
