package io.jenkins.plugins.vcftoken.lease;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.TokenEventListener;
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
 * <p>Two credentials with the same token have separate instances: if one of them gets another token, the leases of the
 * other keep theirs.
 */
final class AutoRenewingToken {

    private static final Logger LOGGER = Logger.getLogger(AutoRenewingToken.class.getName());

    /** By request time, then by expiry. */
    private static final Comparator<AccessToken> BY_AGE =
            Comparator.comparing(AccessToken::issuedAt).thenComparing(AccessToken::expiresAt);

    private final TokenManager manager;
    private final ScheduledExecutorService timer;
    private final InstantSource clock;
    private final RenewalPolicy policy;
    private final Consumer<AutoRenewingToken> onEnd;

    /** Guarded by this. */
    private final Set<Lease> leases = new LinkedHashSet<>();

    /** Families of all access tokens so far: owners may use each of them until it expires. */
    private final Set<String> familyIds = ConcurrentHashMap.newKeySet();

    /** From the latest lease, since it has the most recent settings of the credential. */
    private volatile CredentialHandle handle;

    /** Guarded by this. */
    private boolean ended;

    /** Guarded by this. */
    @CheckForNull
    private CancelableTask scheduled;

    /** Wall clock time of the scheduled renewal; null if there is none. */
    @CheckForNull
    private volatile Instant due;

    /** Null if no renewal is running. */
    @CheckForNull
    private volatile CompletableFuture<Void> running;

    /** Time of the last failed renewal on demand; null if the last one succeeded. */
    @CheckForNull
    private volatile Instant lastRefreshFailure;

    private volatile TokenResult current;

    AutoRenewingToken(
            TokenManager manager,
            CredentialHandle handle,
            TokenResult first,
            ScheduledExecutorService timer,
            InstantSource clock,
            RenewalPolicy policy,
            Consumer<AutoRenewingToken> onEnd) {
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

    /** Whether a credential shares this access token: it has the same location and a token of the same family. */
    boolean isSharedBy(CredentialHandle other, TokenResult result) {
        // Handles are compared first, since locations may differ while the folder is being renamed.
        return (other.equals(handle) || other.location().equals(handle.location())) && hasFamilyOf(result);
    }

    /** Whether an owner may still use an access token of a family. */
    boolean uses(String familyId) {
        return familyIds.contains(familyId);
    }

    /**
     * Opens a lease.
     *
     * @param fresh the result of the request for this lease; may be newer than the shared access token
     * @return null if the credential or family differs, or this has ended
     */
    @CheckForNull
    Lease join(CredentialHandle credential, LeaseOwnerCallback owner, TokenResult fresh) {
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
            if (scheduled == null) {
                schedule(policy.pause(accessToken(), clock.instant()));
            }
        }
        notifyRenewed(renewed, fresh);
        return lease;
    }

    AccessToken accessToken() {
        return current.accessToken();
    }

    void awaitValid(Duration limit) throws InterruptedException {
        if (accessToken().isAlive(clock.instant())) {
            return;
        }
        renewIfOverdue();
        CompletableFuture<Void> renewal = running;
        if (renewal != null) {
            try {
                renewal.get(limit.toMillis(), TimeUnit.MILLISECONDS);
            } catch (ExecutionException | TimeoutException e) {
                LOGGER.log(Level.FINE, e, () -> handle.description() + ": no valid access token in time");
            }
        }
    }

    AccessToken refresh() throws TokenUnavailableException, InterruptedException {
        AccessToken old = accessToken();
        Instant now = clock.instant();
        Instant threshold = now.minus(RenewalPolicy.REFRESH_PAUSE);
        if (old.issuedAt().isAfter(threshold) && old.isAlive(now)) {
            return old;
        }
        Instant lastFailure = lastRefreshFailure;
        if (lastFailure != null && lastFailure.isAfter(threshold)) {
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
            lastRefreshFailure = null;
            return accessToken();
        } catch (TokenUnavailableException e) {
            lastRefreshFailure = clock.instant();
            throw e;
        }
    }

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
                if (scheduled != null) {
                    scheduled.cancel();
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
        // Before publishing, so that a concurrently closed lease of the same family does not revoke the session.
        familyIds.add(fresh.familyId());
        notifyRenewed(replace(fresh, old), fresh);
        if (isEnded()) {
            // The last lease was closed meanwhile: revokes the session of this access token too.
            onEnd.accept(this);
        }
    }

    private void notifyRenewed(List<Lease> renewed, TokenResult fresh) {
        for (Lease lease : renewed) {
            notifyListener(listener -> listener.renewed(lease.issued(handle, fresh)));
            lease.notifyOwner(fresh.accessToken());
        }
    }

    /** An exception of a listener does not abort a renewal. */
    private void notifyListener(Consumer<TokenEventListener> event) {
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
     * Replaces the shared access token if the given one is newer, after {@link LeaseOwnerCallback#beforePublish} of all owners.
     * Synchronized with {@link #join}, so that a lease that is being opened is included.
     *
     * @return the leases that got the new access token; empty if it is not newer
     */
    private synchronized List<Lease> replace(TokenResult fresh, AccessToken old) {
        AccessToken shared = accessToken();
        boolean isOtherFamily = !hasFamilyOf(fresh);
        boolean isOlder = BY_AGE.compare(fresh.accessToken(), shared) < 0 && shared.isAlive(clock.instant());
        // Another token was stored if the family differs. Accepted unless the shared one was replaced since the
        // request.
        if (fresh.accessToken().equals(shared) || (isOtherFamily ? !shared.equals(old) : isOlder)) {
            return List.of();
        }
        leases.forEach(lease -> lease.beforePublish(fresh.accessToken()));
        current = fresh;
        leases.forEach(Lease::clearFailure);
        // The last lease of the other family may have revoked the session before this one began to use it.
        boolean released = isOtherFamily && manager.isReleased(fresh);
        schedule(released ? RenewalPolicy.MIN_PAUSE : policy.pause(fresh.accessToken(), clock.instant()));
        return List.copyOf(leases);
    }

    /**
     * Accepts an access token that was requested later, even if it expires sooner, since the server may have revoked
     * the older one. If the old one is invalid, for example after the clock was set back, accepts any other one.
     */
    private Predicate<AccessToken> newerThan(AccessToken old) {
        return candidate ->
                BY_AGE.compare(candidate, old) > 0 || (!old.isAlive(clock.instant()) && !candidate.equals(old));
    }

    /**
     * Renews with the currently stored secret, unless a renewal is already running. Does not block.
     *
     * @return completes normally when the renewal has succeeded or failed
     */
    CompletableFuture<Void> renew() {
        CompletableFuture<Void> renewal = new CompletableFuture<>();
        synchronized (this) {
            CompletableFuture<Void> existing = running;
            if (existing != null) {
                return existing;
            }
            running = renewal;
        }
        AccessToken old = accessToken();
        manager.renew(handle, newerThan(old)).whenComplete((result, failure) -> {
            try {
                afterRenewal(old, result, failure);
            } finally {
                running = null;
                renewal.complete(null);
            }
        });
        return renewal;
    }

    /** Uses the wall clock, since timers stop while a machine is suspended. */
    void renewIfOverdue() {
        Instant time = due;
        if (time != null && clock.instant().isAfter(time.plus(RenewalPolicy.OVERDUE))) {
            renew();
        }
    }

    /** Renews if the stored secret belongs to another family now. Does not block. */
    void renewIfStoredChanged() {
        CompletableFuture<Void> renewal = running;
        if (renewal != null) {
            // It may have read the store before the change.
            renewal.thenRun(this::renewIfStoredChanged);
            return;
        }
        manager.hasStoredSecretChanged(handle, current).thenAccept(changed -> {
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
                        Level.WARNING, e, () -> handle.description() + ": a new access token could not be published");
                cause = e;
            }
        }
        if (!accessToken().equals(old)) {
            // Replaced, and the next renewal is scheduled.
            return;
        }
        Instant now = clock.instant();
        List<Lease> open;
        synchronized (this) {
            Instant retry = cause instanceof TokenUnavailableException error ? error.retry() : null;
            schedule(policy.pauseAfterFailure(old, now, retry));
            open = List.copyOf(leases);
        }
        String reason = cause == null ? "No newer access token came." : String.valueOf(cause.getMessage());
        String status = old.isAlive(now)
                ? "The current access token expires in " + old.remaining(now).toSeconds() + " s; retrying."
                : "The current access token has expired.";
        open.forEach(lease -> lease.warn(status, reason));
    }

    /** Replaces the scheduled renewal. The caller holds the lock of this. */
    private void schedule(Duration pause) {
        if (ended) {
            return;
        }
        if (scheduled != null) {
            scheduled.cancel();
        }
        try {
            scheduled = new CancelableTask(timer, pause, this::renew);
            due = clock.instant().plus(pause);
        } catch (RejectedExecutionException e) {
            // Jenkins is shutting down; a resumed build uses the ledger.
            scheduled = null;
            due = null;
        }
    }

    synchronized List<Lease> leases() {
        return List.copyOf(leases);
    }

    /** Revokes the sessions of its families that are otherwise unused. Called after the last lease was closed. */
    void releaseSessions(Predicate<String> unused) {
        familyIds.forEach(id -> manager.release(handle, id, () -> unused.test(id)));
    }

    private static final class CancelableTask implements Runnable {

        @CheckForNull
        private volatile Runnable task;

        private final Future<?> future;

        CancelableTask(ScheduledExecutorService timer, Duration pause, Runnable task) {
            this.task = task;
            this.future = timer.schedule(this, pause.toMillis(), TimeUnit.MILLISECONDS);
        }

        @Override
        public void run() {
            Runnable pending = task;
            if (pending != null) {
                pending.run();
            }
        }

        /** Drops the reference to the task, since a timer may keep canceled tasks until their time. */
        void cancel() {
            task = null;
            future.cancel(false);
        }
    }
}
