package io.jenkins.plugins.vcftoken.lease;

import edu.umd.cs.findbugs.annotations.CheckForNull;
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
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The bearer that all open leases of one credential look at, and its renewal. Ends with the last lease.
 *
 * <p>Of one credential, and not of one family: two credentials may have the same token, and be different people's. Should
 * one of them type another token into theirs, the leases of the other have nothing to do with it.
 */
final class SharedBearer {

    private static final Logger LOGGER = Logger.getLogger(SharedBearer.class.getName());

    /** By when they were asked for; of those of one moment, by when they end. */
    private static final Comparator<Bearer> BY_AGE =
            Comparator.comparing(Bearer::issuedAt).thenComparing(Bearer::expiresAt);

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

    /** When the next renewal is due, by the wall clock; null when none is. */
    @CheckForNull
    private volatile Instant due;

    /** The renewal that runs; null when none does. */
    @CheckForNull
    private volatile CompletableFuture<Void> renewing;

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
        tellRenewed(renewed, fresh);
        return lease;
    }

    private Bearer bearer() {
        return current.bearer();
    }

    /** @param old what was shared when this one was asked for */
    void publish(Supply fresh, Bearer old) {
        // Before anybody has it, or the last of those who had one of this family would end its session.
        familyIds.add(fresh.familyId());
        tellRenewed(replace(fresh, old), fresh);
        if (isEnded()) {
            // It came too late for everybody.
            atEnd.accept(this);
        }
    }

    private void tellRenewed(List<Held> renewed, Supply fresh) {
        renewed.forEach(held -> tell(listener -> listener.renewed(held.handout(fresh))));
    }

    /** A listener that throws must not end a renewal. */
    private void tell(Consumer<TokenListener> event) {
        try {
            event.accept(families.listener());
        } catch (RuntimeException e) {
            LOGGER.log(Level.WARNING, e, () -> holder.description() + ": a listener failed");
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
        boolean older = BY_AGE.compare(fresh.bearer(), bearer) < 0 && bearer.isAlive(clock.instant());
        // Another family's is what another token led to, which was stored last unless something has come since.
        if (fresh.bearer().equals(bearer) || (isOfAnother ? !bearer.equals(old) : older)) {
            return List.of();
        }
        leases.forEach(lease -> lease.tenant.expect(fresh.bearer()));
        current = fresh;
        leases.forEach(lease -> lease.failure = null);
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

    /**
     * The one that was asked for later, even if it ends sooner: a server may end the older one with it. Where the old one
     * is of no use any more, such as after the clock was set back, any other one.
     */
    private Predicate<Bearer> newerThan(Bearer old) {
        return candidate ->
                BY_AGE.compare(candidate, old) > 0 || (!old.isAlive(clock.instant()) && !candidate.equals(old));
    }

    /**
     * With what the credential has now, unless a renewal runs already. Does not block.
     *
     * @return done when the renewal is, whether it worked or not
     */
    CompletableFuture<Void> renew() {
        CompletableFuture<Void> mine = new CompletableFuture<>();
        synchronized (this) {
            CompletableFuture<Void> running = renewing;
            if (running != null) {
                return running;
            }
            renewing = mine;
        }
        Bearer old = bearer();
        families.renew(holder, newerThan(old)).whenComplete((supply, failure) -> {
            try {
                renewed(old, supply, failure);
            } finally {
                renewing = null;
                mine.complete(null);
            }
        });
        return mine;
    }

    /** Timers stand still while a machine is suspended, and access tokens do not. */
    void renewIfOverdue() {
        Instant time = due;
        if (time != null && clock.instant().isAfter(time.plus(Renewal.OVERDUE))) {
            renew();
        }
    }

    private void awaitLiving(Duration limit) throws InterruptedException {
        if (bearer().isAlive(clock.instant())) {
            return;
        }
        renewIfOverdue();
        CompletableFuture<Void> running = renewing;
        if (running != null) {
            try {
                running.get(limit.toMillis(), TimeUnit.MILLISECONDS);
            } catch (ExecutionException | TimeoutException e) {
                LOGGER.log(Level.FINE, e, () -> holder.description() + ": no living access token in time");
            }
        }
    }

    /** Where another secret is stored by now, its access token replaces the one of before. Does not block. */
    void renewIfStoredChanged() {
        CompletableFuture<Void> running = renewing;
        if (running != null) {
            // It may have looked into the store before that was changed.
            running.thenRun(this::renewIfStoredChanged);
            return;
        }
        families.isStoredChanged(holder, current).thenAccept(changed -> {
            if (changed && !isEnded()) {
                renew();
            }
        });
    }

    Place place() {
        return holder.place();
    }

    private void renewed(Bearer old, @CheckForNull Supply supply, @CheckForNull Throwable failure) {
        Throwable why = failure instanceof CompletionException ? failure.getCause() : failure;
        if (supply != null) {
            why = supply.trouble();
            try {
                publish(supply, old);
            } catch (RuntimeException e) {
                LOGGER.log(
                        Level.WARNING, e, () -> holder.description() + ": a new access token could not be handed out");
                why = e;
            }
        }
        if (!bearer().equals(old)) {
            // Publishing has set the timer already.
            return;
        }
        Instant now = clock.instant();
        List<Held> open;
        synchronized (this) {
            Instant next = why instanceof FamilyException known ? known.retry() : null;
            schedule(renewal.pauseAfterFailure(old, now, next));
            open = List.copyOf(leases);
        }
        String reason = why == null ? "No newer access token came." : String.valueOf(why.getMessage());
        String left = old.isAlive(now)
                ? "The access token at hand serves for another "
                        + old.remaining(now).toSeconds() + " s."
                : "The access token at hand has expired.";
        open.forEach(lease -> lease.warn(left, reason));
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
            due = clock.instant().plus(pause);
        } catch (RejectedExecutionException e) {
            // Jenkins is going down; what a resumed build needs is in the ledger.
            next = null;
            due = null;
        }
    }

    synchronized List<OpenLease> open() {
        return leases.stream()
                .map(lease -> new OpenLease(lease.its.place(), lease.tenant.who()))
                .toList();
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
                due = null;
                if (next != null) {
                    next.cancel();
                }
            }
        }
        tell(listener -> listener.returned(lease.handout(current)));
        if (last) {
            atEnd.accept(this);
        }
    }

    /** A tenant's share of it. */
    final class Held implements Lease {

        private final Holder its;
        private final Tenant tenant;

        /** Why the last renewal failed, as the tenant was told; null when it worked. */
        @CheckForNull
        private volatile String failure;

        Held(Holder its, Tenant tenant) {
            this.its = its;
            this.tenant = tenant;
        }

        Handout handout(Supply given) {
            return new Handout(tenant.who(), its, given.endpoint(), given.bearer(), true);
        }

        /** The whole text once, since it may be long and a server may be down for hours. */
        void warn(String left, String reason) {
            boolean known = reason.equals(failure);
            failure = reason;
            try {
                tenant.warn(
                        known
                                ? "Renewal failed again, for the same reason. " + left
                                : "Renewal failed. " + left + ' ' + reason);
            } catch (RuntimeException e) {
                LOGGER.log(Level.WARNING, e, () -> tenant.who() + " could not be warned");
            }
        }

        @Override
        public Bearer bearer() {
            renewIfOverdue();
            return current.bearer();
        }

        @Override
        public void awaitLiving(Duration limit) throws InterruptedException {
            SharedBearer.this.awaitLiving(limit);
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
