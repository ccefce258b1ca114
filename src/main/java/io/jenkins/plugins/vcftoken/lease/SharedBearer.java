package io.jenkins.plugins.vcftoken.lease;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.family.Families;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.family.Handout;
import io.jenkins.plugins.vcftoken.family.Holder;
import io.jenkins.plugins.vcftoken.family.Supply;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The bearer that all open leases of one credential look at, and its renewal. Ends with the last lease.
 *
 * <p>Of one credential, and not of one family: two credentials may have the same token, and be different people's. Should
 * one of them type another token into theirs, the leases of the other have nothing to do with it.
 */
final class SharedBearer {

    private final Families families;
    private final ScheduledExecutorService timer;
    private final InstantSource clock;
    private final Renewal renewal;
    private final Consumer<SharedBearer> atEnd;

    private final Set<Held> leases = new LinkedHashSet<>();

    /** Of all bearers so far: what a tenant has seen it may use to its end. */
    private final Set<String> familyIds = ConcurrentHashMap.newKeySet();

    /** The latest tenant's, who has seen the credential last. */
    private volatile Holder holder;

    private boolean ended;

    @CheckForNull
    private Wake next;

    /** When somebody last asked for a renewal that failed. */
    @CheckForNull
    private volatile Instant refreshFailed;

    private volatile Supply current;

    SharedBearer(
            Families families,
            Holder holder,
            Supply first,
            ScheduledExecutorService timer,
            InstantSource clock,
            Renewal renewal,
            Consumer<SharedBearer> atEnd) {
        this.families = families;
        this.holder = holder;
        this.current = first;
        this.familyIds.add(first.familyId());
        this.timer = timer;
        this.clock = clock;
        this.renewal = renewal;
        this.atEnd = atEnd;
    }

    /** Whether it has a bearer of the same family now. */
    boolean isOf(Supply other) {
        return current.familyId().equals(other.familyId());
    }

    /** Whether it is also the bearer of that credential, under the name that its folder has now. */
    boolean isFor(Holder its, Supply other) {
        // The same one is at the same place even while that is renamed.
        return (its.equals(holder) || its.place().equals(holder.place())) && isOf(other);
    }

    /** Whether a tenant may still be using a bearer of this family. */
    boolean uses(String familyId) {
        return familyIds.contains(familyId);
    }

    /**
     * @param its the tenant's credential, as it is now
     * @param fresh what the tenant's own request brought; may be newer than what is shared
     * @return null when the tenant must look elsewhere: another credential, another token by now, or the last lease has
     *     closed
     */
    @CheckForNull
    Held join(Holder its, Tenant tenant, Supply fresh) {
        Held lease = new Held(its, tenant);
        List<Held> renewed;
        synchronized (this) {
            if (ended || !isFor(its, fresh)) {
                return null;
            }
            renewed = replace(fresh, bearer());
            holder = its;
            tenant.expect(bearer());
            leases.add(lease);
            if (next == null) {
                schedule(renewal.pause(bearer(), clock.instant()));
            }
        }
        renewed.forEach(held -> families.listener().renewed(held.handout(fresh)));
        return lease;
    }

    private Bearer bearer() {
        return current.bearer();
    }

    /** @param old what was shared when this one was asked for */
    void publish(Supply fresh, Bearer old) {
        // Before anybody has it, or the last of those who had one of this family would end its session.
        familyIds.add(fresh.familyId());
        replace(fresh, old).forEach(held -> families.listener().renewed(held.handout(fresh)));
        if (isEnded()) {
            // It came too late for everybody.
            atEnd.accept(this);
        }
    }

    private synchronized boolean isEnded() {
        return ended;
    }

    /**
     * One step with joining, or a tenant that joins just now would see a bearer it was not told to expect.
     *
     * @return whose bearer this has become; none if it is no newer one
     */
    private synchronized List<Held> replace(Supply fresh, Bearer old) {
        Bearer bearer = bearer();
        boolean isOfAnother = !fresh.familyId().equals(current.familyId());
        boolean older = fresh.bearer().expiresAt().isBefore(bearer.expiresAt()) && bearer.isAlive(clock.instant());
        // Another family's is what another token led to, which was stored last unless something has come since.
        if (fresh.bearer().equals(bearer) || (isOfAnother ? !bearer.equals(old) : older)) {
            return List.of();
        }
        leases.forEach(lease -> lease.tenant.expect(fresh.bearer()));
        current = fresh;
        // Whoever had it before may have ended the session while nobody knew that this one is about to use it.
        boolean released = isOfAnother && families.isReleased(fresh);
        schedule(released ? Renewal.FLOOR : renewal.pause(fresh.bearer(), clock.instant()));
        return List.copyOf(leases);
    }

    private Bearer refresh() throws FamilyException, InterruptedException {
        Bearer old = bearer();
        Instant now = clock.instant();
        Instant latest = now.minus(Renewal.REFRESH_PAUSE);
        if (old.issuedAt().isAfter(latest) && old.isAlive(now)) {
            return old;
        }
        Instant failed = refreshFailed;
        if (failed != null && failed.isAfter(latest)) {
            throw new FamilyException(
                    holder.description() + ": a renewal failed less than " + Renewal.REFRESH_PAUSE.toSeconds()
                            + " s ago; not tried again so soon. The log says why it failed.",
                    null);
        }
        try {
            Supply supply = families.await(holder.asStored(), newerThan(old));
            FamilyException trouble = supply.trouble();
            if (trouble != null) {
                throw new FamilyException(trouble.getMessage(), trouble);
            }
            publish(supply, old);
            refreshFailed = null;
            return bearer();
        } catch (FamilyException e) {
            refreshFailed = clock.instant();
            throw e;
        }
    }

    /** Where the old one is of no use any more, such as after the clock was set back, any other one is newer. */
    private Predicate<Bearer> newerThan(Bearer old) {
        return candidate -> candidate.expiresAt().isAfter(old.expiresAt())
                || (!old.isAlive(clock.instant()) && !candidate.equals(old));
    }

    /** With what the credential has now. Does not block. */
    void renew() {
        Bearer old = bearer();
        families.renew(holder, newerThan(old)).whenComplete((supply, failure) -> renewed(old, supply, failure));
    }

    private void renewed(Bearer old, @CheckForNull Supply supply, @CheckForNull Throwable failure) {
        Instant now = clock.instant();
        if (supply != null) {
            publish(supply, old);
        }
        boolean fresh = !bearer().equals(old);
        if (!fresh) {
            Throwable why = supply != null ? supply.trouble() : failure;
            if (why instanceof CompletionException) {
                why = why.getCause();
            }
            String message = why == null ? "No newer bearer came." : why.getMessage();
            String left = old.isAlive(now)
                    ? "The bearer at hand serves for another "
                            + old.remaining(now).toSeconds() + " s."
                    : "The bearer at hand has expired.";
            tenants().forEach(tenant -> tenant.warn("Renewal failed. " + left + ' ' + message));
        }
        synchronized (this) {
            // Publishing has set the timer already; this is for what brought nothing newer.
            if (!fresh) {
                schedule(renewal.pauseAfterFailure(bearer(), now));
            }
        }
    }

    /** Guarded by this. There is one timer, whoever renewed. */
    private void schedule(Duration pause) {
        if (ended) {
            return;
        }
        if (next != null) {
            next.cancel();
        }
        try {
            next = new Wake(timer, pause, this::renew);
        } catch (RejectedExecutionException e) {
            // Jenkins is going down; what a resumed build needs is in the ledger.
            next = null;
        }
    }

    synchronized List<OpenLease> open() {
        return leases.stream()
                .map(lease -> new OpenLease(lease.its.place(), lease.tenant.who()))
                .toList();
    }

    private synchronized List<Tenant> tenants() {
        List<Tenant> tenants = new ArrayList<>(leases.size());
        leases.forEach(lease -> tenants.add(lease.tenant));
        return tenants;
    }

    /** Ends the sessions that nobody else has use for, once this one has ended. */
    void release(Predicate<String> unused) {
        familyIds.forEach(id -> families.release(holder, id, () -> unused.test(id)));
    }

    private void leave(Held lease) {
        boolean last;
        synchronized (this) {
            if (!leases.remove(lease)) {
                return;
            }
            last = leases.isEmpty();
            if (last) {
                ended = true;
                if (next != null) {
                    next.cancel();
                }
            }
        }
        families.listener().returned(lease.handout(current));
        if (last) {
            atEnd.accept(this);
        }
    }

    /** A tenant's share of it. */
    final class Held implements Lease {

        private final Holder its;
        private final Tenant tenant;

        Held(Holder its, Tenant tenant) {
            this.its = its;
            this.tenant = tenant;
        }

        Handout handout(Supply given) {
            return new Handout(tenant.who(), its, given.endpoint(), given.bearer(), true);
        }

        @Override
        public Bearer bearer() {
            return current.bearer();
        }

        void publish(Supply fresh, Bearer old) {
            SharedBearer.this.publish(fresh, old);
        }

        @Override
        public Bearer refresh() throws FamilyException, InterruptedException {
            return SharedBearer.this.refresh();
        }

        @Override
        public void close() {
            leave(this);
        }
    }
}
