package io.jenkins.plugins.vcftoken.lease;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
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
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The access token that all open leases of one credential share, and its renewal. Ends with the last lease.
 *
 * <p>Two credentials with the same token have one of these each: when another token is entered into one of them, the
 * leases of the other keep theirs.
 */
final class RenewedToken {

    private static final Logger LOGGER = Logger.getLogger(RenewedToken.class.getName());

    /** By request time; of those of one moment, by expiry. */
    private static final Comparator<AccessToken> BY_AGE =
            Comparator.comparing(AccessToken::issuedAt).thenComparing(AccessToken::expiresAt);

    private final TokenManager manager;
    private final ScheduledExecutorService timer;
    private final InstantSource clock;
    private final RenewalPolicy policy;
    private final Consumer<RenewedToken> onEnd;

    /** Guarded by this. */
    private final Set<Lease> leases = new LinkedHashSet<>();

    /** Families of all access tokens so far: an owner may use each of them until it expires. */
    private final Set<String> familyIds = ConcurrentHashMap.newKeySet();

    /** The credential of the latest lease, as the most recent one. */
    private volatile CredentialHandle handle;

    /** Guarded by this. */
    private boolean ended;

    /** The timer's task; guarded by this. */
    @CheckForNull
    private CancelableTask next;

    /** When the next renewal is due by the wall clock; null when none is scheduled. */
    @CheckForNull
    private volatile Instant due;

    /** The renewal that runs; null when none does. */
    @CheckForNull
    private volatile CompletableFuture<Void> renewing;

    /** When the last renewal on demand failed; null when it worked. */
    @CheckForNull
    private volatile Instant refreshFailed;

    private volatile TokenResult current;

    RenewedToken(
            TokenManager manager,
            CredentialHandle handle,
            TokenResult first,
            ScheduledExecutorService timer,
            InstantSource clock,
            RenewalPolicy policy,
            Consumer<RenewedToken> onEnd) {
        this.manager = manager;
        this.handle = handle;
        this.current = first;
        this.familyIds.add(first.familyId());
        this.timer = timer;
        this.clock = clock;
        this.policy = policy;
        this.onEnd = onEnd;
    }

    boolean hasFamilyOf(TokenResult other) {
        return current.familyId().equals(other.familyId());
    }

    /** Whether a credential shares this access token: at the same location now, with a token of the same family. */
    boolean isSharedBy(CredentialHandle other, TokenResult result) {
        // One handle has one location even while its folder is being renamed.
        return (other.equals(handle) || other.location().equals(handle.location())) && hasFamilyOf(result);
    }

    /** Whether an owner may still use an access token of a family. */
    boolean uses(String familyId) {
        return familyIds.contains(familyId);
    }

    /**
     * Opens a lease.
     *
     * @param fresh the result of the lease's own request; may be newer than what is shared
     * @return null when this is of another credential or family, or has ended
     */
    @CheckForNull
    Lease join(CredentialHandle credential, LeaseOwner owner, TokenResult fresh) {
        Lease lease = new Lease(this, owner);
        List<Lease> renewed;
        synchronized (this) {
            if (ended || !isSharedBy(credential, fresh)) {
                return null;
            }
            renewed = replace(fresh, accessToken());
            handle = credential;
            lease.beforePublish(accessToken());
            leases.add(lease);
            if (next == null) {
                schedule(policy.pause(accessToken(), clock.instant()));
            }
        }
        notifyRenewed(renewed, fresh);
        return lease;
    }

    AccessToken accessToken() {
        return current.accessToken();
    }

    /** See {@link Lease#awaitLiving}. */
    void awaitLiving(Duration limit) throws InterruptedException {
        if (accessToken().isAlive(clock.instant())) {
            return;
        }
        renewIfOverdue();
        CompletableFuture<Void> running = renewing;
        if (running != null) {
            try {
                running.get(limit.toMillis(), TimeUnit.MILLISECONDS);
            } catch (ExecutionException | TimeoutException e) {
                LOGGER.log(Level.FINE, e, () -> handle.description() + ": no valid access token in time");
            }
        }
    }

    /** See {@link Lease#refresh}. */
    AccessToken refresh() throws TokenUnavailableException, InterruptedException {
        AccessToken old = accessToken();
        Instant now = clock.instant();
        Instant latest = now.minus(RenewalPolicy.REFRESH_PAUSE);
        if (old.issuedAt().isAfter(latest) && old.isAlive(now)) {
            return old;
        }
        Instant failed = refreshFailed;
        if (failed != null && failed.isAfter(latest)) {
            throw new TokenUnavailableException(
                    handle.description() + ": a renewal failed less than "
                            + RenewalPolicy.REFRESH_PAUSE.toSeconds()
                            + " s ago; not tried again so soon. The log says why it failed.",
                    null);
        }
        try {
            TokenResult result = manager.await(handle.asStored(), newerThan(old));
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

    /** Ends with the last lease. */
    void close(Lease lease) {
        boolean isLast;
        synchronized (this) {
            if (!leases.remove(lease)) {
                return;
            }
            isLast = leases.isEmpty();
            if (isLast) {
                ended = true;
                due = null;
                if (next != null) {
                    next.cancel();
                }
            }
        }
        notifyListener(listener -> listener.leaseClosed(lease.issued(handle, current)));
        if (isLast) {
            onEnd.accept(this);
        }
    }

    /** @param old the shared access token when the new one was requested */
    void publish(TokenResult fresh, AccessToken old) {
        // First, so that a lease of the same family that ends meanwhile does not revoke the session.
        familyIds.add(fresh.familyId());
        notifyRenewed(replace(fresh, old), fresh);
        if (isEnded()) {
            // After the last lease: the session of this access token is revoked, too.
            onEnd.accept(this);
        }
    }

    private void notifyRenewed(List<Lease> renewed, TokenResult fresh) {
        for (Lease lease : renewed) {
            notifyListener(listener -> listener.renewed(lease.issued(handle, fresh)));
            lease.notifyOwner(fresh.accessToken());
        }
    }

    /** A listener that throws does not end a renewal. */
    private void notifyListener(Consumer<TokenListener> event) {
        try {
            event.accept(manager.listener());
        } catch (RuntimeException e) {
            LOGGER.log(Level.WARNING, e, () -> handle.description() + ": a listener failed");
        }
    }

    private synchronized boolean isEnded() {
        return ended;
    }

    /**
     * Replaces the shared access token if the given one is newer, and tells all owners before. Under the lock of
     * {@link #join}, so that a lease that is being opened is told as well.
     *
     * @return the leases that have the new access token; none if it is not newer
     */
    private synchronized List<Lease> replace(TokenResult fresh, AccessToken old) {
        AccessToken shared = accessToken();
        boolean isOfAnother = !hasFamilyOf(fresh);
        boolean isOlder = BY_AGE.compare(fresh.accessToken(), shared) < 0 && shared.isAlive(clock.instant());
        // The access token of another family is of the token that was stored last, unless the shared one has changed
        // since.
        if (fresh.accessToken().equals(shared) || (isOfAnother ? !shared.equals(old) : isOlder)) {
            return List.of();
        }
        leases.forEach(lease -> lease.beforePublish(fresh.accessToken()));
        current = fresh;
        leases.forEach(Lease::clearFailure);
        // The last lease of the other family may have revoked the session just before this one began to use it.
        boolean released = isOfAnother && manager.isReleased(fresh);
        schedule(released ? RenewalPolicy.FLOOR : policy.pause(fresh.accessToken(), clock.instant()));
        return List.copyOf(leases);
    }

    /**
     * Accepts an access token that was requested later, even if it expires sooner: a server may revoke the older one
     * with it. When the old one is not valid, as after the clock was set back, accepts any other one.
     */
    private Predicate<AccessToken> newerThan(AccessToken old) {
        return candidate ->
                BY_AGE.compare(candidate, old) > 0 || (!old.isAlive(clock.instant()) && !candidate.equals(old));
    }

    /**
     * Renews with what the credential stores now, unless a renewal runs already. Does not block.
     *
     * @return completes when the renewal has ended, whether it worked or not
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
        manager.renew(handle, newerThan(old)).whenComplete((result, failure) -> {
            try {
                afterRenewal(old, result, failure);
            } finally {
                renewing = null;
                mine.complete(null);
            }
        });
        return mine;
    }

    /** Timers stop while a machine is suspended; the wall clock tells whether a renewal is overdue. */
    void renewIfOverdue() {
        Instant time = due;
        if (time != null && clock.instant().isAfter(time.plus(RenewalPolicy.OVERDUE))) {
            renew();
        }
    }

    /** Renews if the credential stores the secret of another family now. Does not block. */
    void renewIfStoredChanged() {
        CompletableFuture<Void> running = renewing;
        if (running != null) {
            // It may have read the store before the change.
            running.thenRun(this::renewIfStoredChanged);
            return;
        }
        manager.isStoredChanged(handle, current).thenAccept(changed -> {
            if (changed && !isEnded()) {
                renew();
            }
        });
    }

    CredentialLocation location() {
        return handle.location();
    }

    private void afterRenewal(AccessToken old, @CheckForNull TokenResult result, @CheckForNull Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        if (result != null) {
            cause = result.error();
            try {
                publish(result, old);
            } catch (RuntimeException e) {
                LOGGER.log(
                        Level.WARNING, e, () -> handle.description() + ": a new access token could not be handed out");
                cause = e;
            }
        }
        if (!accessToken().equals(old)) {
            // It was replaced, and the next renewal scheduled.
            return;
        }
        Instant now = clock.instant();
        List<Lease> open;
        synchronized (this) {
            Instant retry = cause instanceof TokenUnavailableException known ? known.retry() : null;
            schedule(policy.pauseAfterFailure(old, now, retry));
            open = List.copyOf(leases);
        }
        String reason = cause == null ? "No newer access token came." : String.valueOf(cause.getMessage());
        String left = old.isAlive(now)
                ? "The current access token expires in " + old.remaining(now).toSeconds() + " s; retrying."
                : "The current access token has expired.";
        open.forEach(lease -> lease.warn(left, reason));
    }

    /** Guarded by this. Replaces the scheduled renewal. */
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
            // Jenkins is shutting down; the ledger has what a resumed build needs.
            next = null;
            due = null;
        }
    }

    synchronized List<Lease> leases() {
        return List.copyOf(leases);
    }

    /** Revokes the sessions of its families that are not used otherwise. Called after the last lease. */
    void releaseSessions(Predicate<String> unused) {
        familyIds.forEach(id -> manager.release(handle, id, () -> unused.test(id)));
    }

    /** The scheduled renewal. */
    private static final class CancelableTask implements Runnable {

        @CheckForNull
        private volatile Runnable work;

        private final Future<?> timing;

        CancelableTask(ScheduledExecutorService timer, Duration pause, Runnable work) {
            this.work = work;
            this.timing = timer.schedule(this, pause.toMillis(), TimeUnit.MILLISECONDS);
        }

        @Override
        public void run() {
            Runnable found = work;
            if (found != null) {
                found.run();
            }
        }

        /** A timer may keep a canceled task until its time comes, so this lets go of its work at once. */
        void cancel() {
            work = null;
            timing.cancel(false);
        }
    }
}
