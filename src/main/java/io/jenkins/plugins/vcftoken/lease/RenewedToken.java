package io.jenkins.plugins.vcftoken.lease;

import edu.umd.cs.findbugs.annotations.CheckForNull;
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
 * The access token that all open leases of one credential look at, and its renewal. Ends with the last lease.
 *
 * <p>Of one credential, and not of one family: two credentials may have the same token, and be different people's. Should
 * one of them type another token into theirs, the leases of the other have nothing to do with it.
 */
final class RenewedToken {

    private static final Logger LOGGER = Logger.getLogger(RenewedToken.class.getName());

    /** By when they were asked for; of those of one moment, by when they end. */
    private static final Comparator<AccessToken> BY_AGE =
            Comparator.comparing(AccessToken::issuedAt).thenComparing(AccessToken::expiresAt);

    private final TokenManager families;
    private final ScheduledExecutorService timer;
    private final InstantSource clock;
    private final RenewalPolicy renewal;
    private final Consumer<RenewedToken> atEnd;

    private final Set<LeaseHandle> leases = new LinkedHashSet<>();

    /** Of all access tokens so far: what a tenant has seen it may use to its end. */
    private final Set<String> familyIds = ConcurrentHashMap.newKeySet();

    /** The latest tenant's, who has seen the credential last. */
    private volatile CredentialHandle handle;

    private boolean ended;

    @CheckForNull
    private CancelableTask next;

    /** When the next renewal is due, by the wall clock; null when none is. */
    @CheckForNull
    private volatile Instant due;

    /** The renewal that runs; null when none does. */
    @CheckForNull
    private volatile CompletableFuture<Void> renewing;

    /** When somebody last asked for a renewal that failed. */
    @CheckForNull
    private volatile Instant refreshFailed;

    private volatile TokenResult current;

    RenewedToken(
            TokenManager families,
            CredentialHandle handle,
            TokenResult first,
            ScheduledExecutorService timer,
            InstantSource clock,
            RenewalPolicy renewal,
            Consumer<RenewedToken> atEnd) {
        this.families = families;
        this.handle = handle;
        this.current = first;
        this.familyIds.add(first.familyId());
        this.timer = timer;
        this.clock = clock;
        this.renewal = renewal;
        this.atEnd = atEnd;
    }

    /** Whether it has an access token of the same family now. */
    boolean isOf(TokenResult other) {
        return current.familyId().equals(other.familyId());
    }

    /** Whether it is also the access token of that credential, under the name that its folder has now. */
    boolean isFor(CredentialHandle its, TokenResult other) {
        // The same one is at the same place even while that is renamed.
        return (its.equals(handle) || its.location().equals(handle.location())) && isOf(other);
    }

    /** Whether a tenant may still be using an access token of this family. */
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
    LeaseHandle join(CredentialHandle its, LeaseOwner owner, TokenResult fresh) {
        LeaseHandle lease = new LeaseHandle(its, owner);
        List<LeaseHandle> renewed;
        synchronized (this) {
            if (ended || !isFor(its, fresh)) {
                return null;
            }
            renewed = replace(fresh, accessToken());
            handle = its;
            owner.beforePublish(accessToken());
            leases.add(lease);
            if (next == null) {
                schedule(renewal.pause(accessToken(), clock.instant()));
            }
        }
        tellRenewed(renewed, fresh);
        return lease;
    }

    private AccessToken accessToken() {
        return current.accessToken();
    }

    /** @param old what was shared when this one was asked for */
    void publish(TokenResult fresh, AccessToken old) {
        // Before anybody has it, or the last of those who had one of this family would end its session.
        familyIds.add(fresh.familyId());
        tellRenewed(replace(fresh, old), fresh);
        if (isEnded()) {
            // It came too late for everybody.
            atEnd.accept(this);
        }
    }

    private void tellRenewed(List<LeaseHandle> renewed, TokenResult fresh) {
        renewed.forEach(held -> tell(listener -> listener.renewed(held.handout(fresh))));
    }

    /** A listener that throws must not end a renewal. */
    private void tell(Consumer<TokenListener> event) {
        try {
            event.accept(families.listener());
        } catch (RuntimeException e) {
            LOGGER.log(Level.WARNING, e, () -> handle.description() + ": a listener failed");
        }
    }

    private synchronized boolean isEnded() {
        return ended;
    }

    /**
     * One step with joining, or a tenant that joins just now would see an access token it was not told to expect.
     *
     * @return whose access token this has become; none if it is no newer one
     */
    private synchronized List<LeaseHandle> replace(TokenResult fresh, AccessToken old) {
        AccessToken accessToken = accessToken();
        boolean isOfAnother = !fresh.familyId().equals(current.familyId());
        boolean older = BY_AGE.compare(fresh.accessToken(), accessToken) < 0 && accessToken.isAlive(clock.instant());
        // Another family's is what another token led to, which was stored last unless something has come since.
        if (fresh.accessToken().equals(accessToken) || (isOfAnother ? !accessToken.equals(old) : older)) {
            return List.of();
        }
        leases.forEach(lease -> lease.owner.beforePublish(fresh.accessToken()));
        current = fresh;
        leases.forEach(lease -> lease.failure = null);
        // Whoever had it before may have ended the session while nobody knew that this one is about to use it.
        boolean released = isOfAnother && families.isReleased(fresh);
        schedule(released ? RenewalPolicy.FLOOR : renewal.pause(fresh.accessToken(), clock.instant()));
        return List.copyOf(leases);
    }

    private AccessToken refresh() throws TokenUnavailableException, InterruptedException {
        AccessToken old = accessToken();
        Instant now = clock.instant();
        Instant latest = now.minus(RenewalPolicy.REFRESH_PAUSE);
        if (old.issuedAt().isAfter(latest) && old.isAlive(now)) {
            return old;
        }
        Instant failed = refreshFailed;
        if (failed != null && failed.isAfter(latest)) {
            throw new TokenUnavailableException(
                    handle.description() + ": a renewal failed less than " + RenewalPolicy.REFRESH_PAUSE.toSeconds()
                            + " s ago; not tried again so soon. The log says why it failed.",
                    null);
        }
        try {
            TokenResult result = families.await(handle.asStored(), newerThan(old));
            TokenUnavailableException error = result.error();
            if (error != null) {
                throw new TokenUnavailableException(error.getMessage(), error);
            }
            publish(result, old);
            refreshFailed = null;
            return accessToken();
        } catch (TokenUnavailableException e) {
            refreshFailed = clock.instant();
            throw e;
        }
    }

    /**
     * The one that was asked for later, even if it ends sooner: a server may end the older one with it. Where the old one
     * is of no use any more, such as after the clock was set back, any other one.
     */
    private Predicate<AccessToken> newerThan(AccessToken old) {
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
        AccessToken old = accessToken();
        families.renew(handle, newerThan(old)).whenComplete((result, failure) -> {
            try {
                renewed(old, result, failure);
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
        if (time != null && clock.instant().isAfter(time.plus(RenewalPolicy.OVERDUE))) {
            renew();
        }
    }

    private void awaitLiving(Duration limit) throws InterruptedException {
        if (accessToken().isAlive(clock.instant())) {
            return;
        }
        renewIfOverdue();
        CompletableFuture<Void> running = renewing;
        if (running != null) {
            try {
                running.get(limit.toMillis(), TimeUnit.MILLISECONDS);
            } catch (ExecutionException | TimeoutException e) {
                LOGGER.log(Level.FINE, e, () -> handle.description() + ": no living access token in time");
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
        families.isStoredChanged(handle, current).thenAccept(changed -> {
            if (changed && !isEnded()) {
                renew();
            }
        });
    }

    CredentialLocation location() {
        return handle.location();
    }

    private void renewed(AccessToken old, @CheckForNull TokenResult result, @CheckForNull Throwable failure) {
        Throwable why = failure instanceof CompletionException ? failure.getCause() : failure;
        if (result != null) {
            why = result.error();
            try {
                publish(result, old);
            } catch (RuntimeException e) {
                LOGGER.log(
                        Level.WARNING, e, () -> handle.description() + ": a new access token could not be handed out");
                why = e;
            }
        }
        if (!accessToken().equals(old)) {
            // Publishing has set the timer already.
            return;
        }
        Instant now = clock.instant();
        List<LeaseHandle> open;
        synchronized (this) {
            Instant next = why instanceof TokenUnavailableException known ? known.retry() : null;
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
            next = new CancelableTask(timer, pause, this::renew);
            due = clock.instant().plus(pause);
        } catch (RejectedExecutionException e) {
            // Jenkins is going down; what a resumed build needs is in the ledger.
            next = null;
            due = null;
        }
    }

    synchronized List<LeaseInfo> open() {
        return leases.stream()
                .map(lease -> new LeaseInfo(lease.its.location(), lease.owner.who()))
                .toList();
    }

    /** Ends the sessions that nobody else has use for, once this one has ended. */
    void release(Predicate<String> unused) {
        familyIds.forEach(id -> families.release(handle, id, () -> unused.test(id)));
    }

    private void leave(LeaseHandle lease) {
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
        tell(listener -> listener.leaseClosed(lease.handout(current)));
        if (last) {
            atEnd.accept(this);
        }
    }

    /** A tenant's share of it. */
    final class LeaseHandle implements Lease {

        private final CredentialHandle its;
        private final LeaseOwner owner;

        /** Why the last renewal failed, as the tenant was told; null when it worked. */
        @CheckForNull
        private volatile String failure;

        LeaseHandle(CredentialHandle its, LeaseOwner owner) {
            this.its = its;
            this.owner = owner;
        }

        TokenIssuedEvent handout(TokenResult given) {
            return new TokenIssuedEvent(owner.who(), its, given.account(), given.accessToken(), true);
        }

        /** The whole text once, since it may be long and a server may be down for hours. */
        void warn(String left, String reason) {
            boolean known = reason.equals(failure);
            failure = reason;
            try {
                owner.warn(
                        known
                                ? "Renewal failed again, for the same reason. " + left
                                : "Renewal failed. " + left + ' ' + reason);
            } catch (RuntimeException e) {
                LOGGER.log(Level.WARNING, e, () -> owner.who() + " could not be warned");
            }
        }

        @Override
        public AccessToken accessToken() {
            renewIfOverdue();
            return current.accessToken();
        }

        @Override
        public void awaitLiving(Duration limit) throws InterruptedException {
            RenewedToken.this.awaitLiving(limit);
        }

        void publish(TokenResult fresh, AccessToken old) {
            RenewedToken.this.publish(fresh, old);
        }

        @Override
        public AccessToken refresh() throws TokenUnavailableException, InterruptedException {
            return RenewedToken.this.refresh();
        }

        @Override
        public void close() {
            leave(this);
        }
    }
}
