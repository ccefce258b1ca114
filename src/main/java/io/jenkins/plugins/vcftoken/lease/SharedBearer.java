package io.jenkins.plugins.vcftoken.lease;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
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
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** The bearer that all open leases of one family look at, and its renewal. Ends with the last lease. */
final class SharedBearer {

    private final Families families;
    private final Holder holder;
    private final Endpoint endpoint;
    private final ScheduledExecutorService timer;
    private final InstantSource clock;
    private final Renewal renewal;
    private final Consumer<SharedBearer> atEnd;

    private final Set<Held> leases = new LinkedHashSet<>();
    private boolean ended;

    @CheckForNull
    private Wake next;

    /** When somebody last asked for a renewal that failed. */
    @CheckForNull
    private volatile Instant refreshFailed;

    private volatile Bearer bearer;

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
        this.endpoint = first.endpoint();
        this.bearer = first.bearer();
        this.timer = timer;
        this.clock = clock;
        this.renewal = renewal;
        this.atEnd = atEnd;
    }

    /**
     * @param its the tenant's credential; another one than the others' where one token is stored in several places
     * @param fresh what the tenant's own request brought; may be newer than what is shared
     * @return null when the last lease has closed, so that this one takes nobody in any more
     */
    @CheckForNull
    Lease join(Holder its, Tenant tenant, Bearer fresh) {
        Held lease = new Held(its, tenant);
        List<Held> renewed;
        synchronized (this) {
            if (ended) {
                return null;
            }
            renewed = replace(fresh);
            tenant.expect(bearer);
            leases.add(lease);
            if (next == null) {
                schedule(renewal.pause(bearer, clock.instant()));
            }
        }
        renewed.forEach(held -> families.listener().renewed(held.handout(fresh)));
        return lease;
    }

    void publish(Bearer fresh) {
        replace(fresh).forEach(held -> families.listener().renewed(held.handout(fresh)));
    }

    /**
     * One step with joining, or a tenant that joins just now would see a bearer it was not told to expect.
     *
     * @return whose bearer this has become; none if it is no newer one
     */
    private synchronized List<Held> replace(Bearer fresh) {
        boolean older = fresh.expiresAt().isBefore(bearer.expiresAt());
        if (fresh.equals(bearer) || (older && bearer.isAlive(clock.instant()))) {
            return List.of();
        }
        leases.forEach(lease -> lease.tenant.expect(fresh));
        bearer = fresh;
        schedule(renewal.pause(fresh, clock.instant()));
        return List.copyOf(leases);
    }

    private Bearer refresh() throws FamilyException, InterruptedException {
        Bearer old = bearer;
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
            publish(supply.bearer());
            refreshFailed = null;
            return bearer;
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

    private void renew() {
        Bearer old = bearer;
        families.renew(holder, newerThan(old)).whenComplete((supply, failure) -> renewed(old, supply, failure));
    }

    private void renewed(Bearer old, @CheckForNull Supply supply, @CheckForNull Throwable failure) {
        Instant now = clock.instant();
        if (supply != null) {
            publish(supply.bearer());
        }
        boolean fresh = !bearer.equals(old);
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
                schedule(renewal.pauseAfterFailure(bearer, now));
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
            next = new Wake(this, pause);
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

    Holder holder() {
        return holder;
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
        families.listener().returned(lease.handout(bearer));
        if (last) {
            atEnd.accept(this);
        }
    }

    /** What waits in the timer. A timer may keep what was canceled until its time comes, with all that hangs on it. */
    private static final class Wake implements Runnable {

        @CheckForNull
        private volatile SharedBearer who;

        private final Future<?> timing;

        /** @throws RejectedExecutionException when the timer takes nothing any more */
        Wake(SharedBearer who, Duration pause) {
            this.who = who;
            this.timing = who.timer.schedule(this, pause.toMillis(), TimeUnit.MILLISECONDS);
        }

        @Override
        public void run() {
            SharedBearer found = who;
            if (found != null) {
                found.renew();
            }
        }

        /** Guarded by the one that waits. */
        void cancel() {
            who = null;
            timing.cancel(false);
        }
    }

    private final class Held implements Lease {

        private final Holder its;
        private final Tenant tenant;

        Held(Holder its, Tenant tenant) {
            this.its = its;
            this.tenant = tenant;
        }

        Handout handout(Bearer given) {
            return new Handout(tenant.who(), its, endpoint, given, true);
        }

        @Override
        public Bearer bearer() {
            return bearer;
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
