package io.jenkins.plugins.vcftoken.lease;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.family.Families;
import io.jenkins.plugins.vcftoken.family.FamilyException;
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

/** The bearer that all open leases of one family look at, and its renewal. Ends with the last lease. */
final class SharedBearer {

    private final Families families;
    private final Holder holder;
    private final ScheduledExecutorService timer;
    private final InstantSource clock;
    private final Renewal renewal;
    private final Consumer<SharedBearer> atEnd;

    private final Set<Held> leases = new LinkedHashSet<>();
    private boolean ended;

    @CheckForNull
    private Future<?> next;

    /** When somebody last asked for a renewal that failed. */
    @CheckForNull
    private volatile Instant refreshFailed;

    private volatile Bearer bearer;

    SharedBearer(
            Families families,
            Holder holder,
            Bearer bearer,
            ScheduledExecutorService timer,
            InstantSource clock,
            Renewal renewal,
            Consumer<SharedBearer> atEnd) {
        this.families = families;
        this.holder = holder;
        this.bearer = bearer;
        this.timer = timer;
        this.clock = clock;
        this.renewal = renewal;
        this.atEnd = atEnd;
    }

    /**
     * @param fresh what the tenant's own request brought; may be newer than what is shared
     * @return null when the last lease has closed, so that this one takes nobody in any more
     */
    @CheckForNull
    synchronized Lease join(Tenant tenant, Bearer fresh) {
        if (ended) {
            return null;
        }
        Held lease = new Held(tenant);
        publish(fresh);
        tenant.expect(bearer);
        leases.add(lease);
        if (next == null) {
            schedule(renewal.pause(bearer, clock.instant()));
        }
        return lease;
    }

    /** One step with joining, or a tenant that joins just now would see a bearer it was not told to expect. */
    synchronized void publish(Bearer fresh) {
        if (!fresh.equals(bearer) && !fresh.expiresAt().isBefore(bearer.expiresAt())) {
            leases.forEach(lease -> lease.tenant.expect(fresh));
            bearer = fresh;
            schedule(renewal.pause(fresh, clock.instant()));
        }
    }

    private Bearer refresh() throws FamilyException, InterruptedException {
        Bearer old = bearer;
        Instant latest = clock.instant().minus(Renewal.REFRESH_PAUSE);
        if (old.issuedAt().isAfter(latest)) {
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
            Supply supply = families.await(
                    holder.asStored(), candidate -> candidate.expiresAt().isAfter(old.expiresAt()));
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

    private void renew() {
        Bearer old = bearer;
        families.renew(holder, candidate -> candidate.expiresAt().isAfter(old.expiresAt()))
                .whenComplete((supply, failure) -> renewed(old, supply, failure));
    }

    private void renewed(Bearer old, @CheckForNull Supply supply, @CheckForNull Throwable failure) {
        Instant now = clock.instant();
        if (supply != null) {
            publish(supply.bearer());
        }
        boolean fresh = bearer != old;
        if (!fresh) {
            Throwable why = supply != null ? supply.trouble() : failure;
            String message = why instanceof CompletionException && why.getCause() != null
                    ? why.getCause().getMessage()
                    : String.valueOf(why == null ? "no newer bearer" : why.getMessage());
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
            next.cancel(false);
        }
        try {
            next = timer.schedule(this::renew, pause.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            // Jenkins is going down; what a resumed build needs is in the ledger.
            next = null;
        }
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
        synchronized (this) {
            if (!leases.remove(lease) || !leases.isEmpty()) {
                return;
            }
            ended = true;
            if (next != null) {
                next.cancel(false);
            }
        }
        atEnd.accept(this);
    }

    private final class Held implements Lease {

        private final Tenant tenant;

        Held(Tenant tenant) {
            this.tenant = tenant;
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
