package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.oauth.TokenResponse;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;

/**
 * Requests and caches the access tokens of all token families. {@link #refresh} guarantees that a rotated refresh token
 * is saved before its access token is used, and that no refresh token is sent twice while a refusal could revoke a
 * valid access token.
 *
 * <p>In this process, callers of one credential location share a request, and requests of one family run sequentially
 * ({@link RequestQueue}). Across processes, the family's lock delays the second request until it can load the result of
 * the first one. Requests run on request threads, so interrupting a caller does not interrupt a request.
 */
public final class TokenManager {

    private static final Logger LOGGER = Logger.getLogger(TokenManager.class.getName());

    /** Longer than the periods in which servers count failed logins and for which they lock an account. */
    static final Duration REJECTION_RETRY_DELAY = Duration.ofMinutes(15);

    private final TokenLedger ledger;
    private final TokenHasher hashes;
    private final InstantSource clock;
    private final Duration timeout;
    private final BooleanSupplier retriesUnknown;
    private final TokenEventListener listener;
    private final TokenFamilyStore store;
    private final TokenFamilyResolver resolver;
    private final SharedTokenCoordinator claims;
    private final CredentialWriteBack writeBack;
    private final TokenFamilyAdmin admin;
    private final RequestQueue queue;

    /**
     * @param requestThreads starts each task immediately, without a limit; its threads block on the network
     * @param writeBackThread runs writes to credentials stores sequentially, so that the newest token is written last
     * @param timeout how long a caller or another process waits for a request; twice the longest request, after which a
     *     request with a lost response can no longer reach the server
     * @param retriesUnknown whether a refresh token with a lost response is sent once more when no valid access token
     *     can be lost by a refusal; otherwise only at a user's request
     */
    public TokenManager(
            TokenLedger ledger,
            TokenHasher hashes,
            Executor requestThreads,
            Executor writeBackThread,
            InstantSource clock,
            Duration timeout,
            BooleanSupplier retriesUnknown,
            TokenEventListener listener) {
        this.ledger = ledger;
        this.hashes = hashes;
        this.clock = clock;
        this.timeout = timeout;
        this.retriesUnknown = retriesUnknown;
        this.listener = listener;
        this.store = new TokenFamilyStore(ledger, hashes);
        this.resolver = new TokenFamilyResolver(ledger, store, hashes);
        this.claims = new SharedTokenCoordinator(hashes, clock, timeout);
        this.writeBack = new CredentialWriteBack(ledger, hashes, writeBackThread, claims, timeout);
        this.admin = new TokenFamilyAdmin(ledger, store, writeBack, hashes, clock, timeout);
        this.queue = new RequestQueue(requestThreads);
    }

    public TokenFamilyAdmin administration() {
        return admin;
    }

    public TokenEventListener listener() {
        return listener;
    }

    /** Current state of all families. Reads the ledger. */
    public LedgerSnapshot snapshot() throws IOException {
        return admin.snapshot(queue.requestingFamilies());
    }

    /** Waits for an access token, at most for the timeout. Interrupting the caller ends the wait, not the request. */
    public TokenResult await(CredentialHandle handle, Predicate<AccessToken> acceptable)
            throws TokenUnavailableException, InterruptedException {
        return join(handle, request(handle, acceptable));
    }

    private <T> T join(CredentialHandle handle, CompletableFuture<T> pending)
            throws TokenUnavailableException, InterruptedException {
        try {
            return pending.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TokenUnavailableException known) {
                // A copy, since callers share the original with its stack trace and suppressed exceptions.
                throw known.copy();
            }
            throw TokenUnavailableException.unexpected(handle, e.getCause());
        } catch (TimeoutException e) {
            throw queue.isQueued(handle.location())
                    ? TokenUnavailableException.timedOutInQueue(handle, timeout.toSeconds(), e)
                    : TokenUnavailableException.timedOut(handle, timeout.toSeconds(), e);
        }
    }

    /**
     * Does not block.
     *
     * @param acceptable whether a cached access token makes a request unnecessary; must be fast and free of side
     *     effects
     * @return completes exceptionally with a {@link TokenUnavailableException} when there is no valid access token
     */
    public CompletableFuture<TokenResult> request(CredentialHandle handle, Predicate<AccessToken> acceptable) {
        CredentialHandle parent = handle.parent();
        if (parent != null) {
            try {
                return new DerivedTokenRequester(this, clock, handle, parent, handle.issuer(), acceptable).send();
            } catch (TokenUnavailableException e) {
                return CompletableFuture.failedFuture(e);
            }
        }
        TokenUnavailableException missing = resolver.findMissingSecretError(handle);
        if (missing != null) {
            return CompletableFuture.failedFuture(missing);
        }
        Predicate<AccessToken> usable = token -> token.isAlive(clock.instant()) && acceptable.test(token);
        TokenFamily known = findCached(handle);
        AccessToken accessToken = known == null ? null : known.accessToken();
        if (accessToken != null && known.locations().contains(handle.location()) && usable.test(accessToken)) {
            writeBack.enqueue(handle, known);
            return CompletableFuture.completedFuture(result(handle, known, accessToken, null));
        }
        String id = known != null ? known.id() : hashes.ofFamily(handle.client().account(), handle.token());
        Callable<TokenResult> task = () -> refreshAndWriteBack(handle, usable);
        RequestQueue.PendingRequest pending = queue.enqueue(id, handle, task);
        return pending.isOf(task)
                ? pending.result()
                : pending.result()
                        .thenCompose(result -> result.error() != null || usable.test(result.accessToken())
                                ? CompletableFuture.completedFuture(result)
                                : request(handle, acceptable));
    }

    private TokenResult refreshAndWriteBack(CredentialHandle handle, Predicate<AccessToken> acceptable)
            throws TokenUnavailableException, InterruptedException {
        TokenResult result = refreshOrCached(handle, acceptable);
        TokenFamily family = findCached(handle);
        if (family != null) {
            enqueueWriteBack(handle, family, result.rotated());
        }
        return result;
    }

    /** @param rotated whether a request rotated the token, which it has then published in the {@link VersionedSecret} */
    private void enqueueWriteBack(CredentialHandle handle, TokenFamily family, boolean rotated) {
        if (!rotated || handle.writer().versionedSecret() == null) {
            writeBack.enqueue(handle, family);
        }
    }

    @CheckForNull
    private TokenFamily findCached(CredentialHandle handle) {
        return store.findCached(handle.token(), handle.client().account(), handle.location());
    }

    /** Uses a cached access token while the ledger cannot be written and prevents requests. */
    private TokenResult refreshOrCached(CredentialHandle handle, Predicate<AccessToken> acceptable)
            throws TokenUnavailableException, InterruptedException {
        try {
            return refresh(handle, acceptable);
        } catch (IOException e) {
            TokenUnavailableException unusable = TokenUnavailableException.ledgerUnusable(handle, e);
            TokenFamily family = store.findUsable(handle, clock.instant());
            if (family == null) {
                throw unusable;
            }
            return result(handle, family, family.accessToken(), unusable);
        }
    }

    private TokenResult refresh(CredentialHandle handle, Predicate<AccessToken> acceptable)
            throws IOException, InterruptedException, TokenUnavailableException {
        Outcome outcome = sendOnce(handle, new AccessTokenRequest(handle, acceptable));
        AccessToken accessToken = outcome.family().accessToken();
        TokenUnavailableException error = outcome.error();
        if (error != null && (accessToken == null || !accessToken.isAlive(clock.instant()))) {
            throw error;
        }
        return result(handle, outcome.family(), Objects.requireNonNull(accessToken), error)
                .rotated(outcome.rotated());
    }

    /**
     * Has the server replace the stored secret if it expires soon. Blocks. Access tokens stay valid. First requests an
     * access token if none is cached: the server may need one, and it proves that the stored secret still works.
     *
     * @param storedExpiry expiry of the stored secret according to its credential, or null; the ledger has the expiry
     *     of a secret that was issued by an earlier call
     * @param beforeExpiry how long before its expiry a secret is replaced
     * @return whether it was replaced
     * @throws TokenUnavailableException when a request failed, or must not be sent now
     */
    public boolean regenerateIfDue(CredentialHandle handle, @CheckForNull Instant storedExpiry, Duration beforeExpiry)
            throws TokenUnavailableException, InterruptedException {
        Regeneration request = new Regeneration(handle, storedExpiry, beforeExpiry, hashes, clock, timeout, listener);
        try {
            CredentialHandle known = withKnownToken(handle);
            TokenFamily family = store.find(known.token(), known.client().account(), known.location());
            if (family == null ? !request.isDue(storedExpiry) : request.isUnnecessary(family)) {
                return false;
            }
        } catch (IOException e) {
            throw TokenUnavailableException.ledgerUnusable(handle, e);
        }
        await(handle, accessToken -> true);
        return join(handle, regenerate(handle, request));
    }

    CompletableFuture<Boolean> regenerate(CredentialHandle handle, Regeneration request) {
        return queue.call(handle, () -> {
            Outcome outcome = sendOnce(handle, request);
            enqueueWriteBack(handle, outcome.family(), outcome.rotated());
            if (outcome.error() != null) {
                throw outcome.error();
            }
            return outcome.rotated();
        });
    }

    /**
     * Result of {@link #sendOnce}.
     *
     * @param family as saved
     * @param error null after a response, and if no request was necessary
     * @param rotated whether the response had another secret
     */
    private record Outcome(TokenFamily family, @CheckForNull TokenUnavailableException error, boolean rotated) {}

    /**
     * Sends a stored token in seven steps. The caller then enqueues the write-back of a rotated token and returns the
     * result to the waiting callers.
     */
    private Outcome sendOnce(CredentialHandle stored, TokenRequestSteps request)
            throws IOException, InterruptedException, TokenUnavailableException {
        CredentialHandle handle = withKnownToken(stored);
        String id = resolver.findFamily(handle);
        boolean isOutdated = false;
        while (true) {
            // 1. Lock the family against other threads and processes.
            TokenLedger.Lock lock = ledger.lock(id, timeout);
            try {
                // 2. Load it: another process, or another controller (see SharedTokenCoordinator), may have refreshed
                // it since.
                Optional<TokenFamily> found = store.load(id);
                String currentId = resolver.findFamilyUnderLock(handle, id, found.orElse(null));
                if (!currentId.equals(id)) {
                    id = currentId;
                    continue;
                }
                SharedTokenCoordinator.View view = claims.read(
                        handle,
                        bindToLocation(handle, found.isPresent() ? found.get() : createFamily(handle)),
                        request.alwaysRotates(),
                        isOutdated);
                String otherToken = view.otherToken();
                if (otherToken != null) {
                    handle = handle.withToken(otherToken);
                    id = resolver.findFamily(handle);
                    continue;
                }
                TokenFamily family = view.family();
                // 3. Return if the request is no longer necessary, for example because an access token is cached.
                if (request.isUnnecessary(family)) {
                    if (!Optional.of(family).equals(found)) {
                        store.save(family, handle);
                    }
                    return outcome(family, null, false);
                }
                if (view.claimedUntil() != null) {
                    claims.awaitClaimEnd(view);
                    continue;
                }
                family = family.state() == TokenFamily.Status.REQUESTING
                        ? recoverInterruptedRequest(handle, family, found)
                        : family;
                TokenUnavailableException reason = reasonNotToSend(handle, family);
                if (reason != null) {
                    return outcome(family, reason, false);
                }
                // 4. Claim the token if other controllers can send it. Save the state REQUESTING: after a crash, the
                // ledger shows that the token may have been sent.
                SharedTokenCoordinator.View claim = claims.claim(view, request.requesting(family));
                if (claim == null) {
                    isOutdated = true;
                    continue;
                }
                if (!claims.isSendable(claim)) {
                    TokenFamily failing = family.withError(claim.notClaimed());
                    if (!failing.equals(family)) {
                        store.save(failing, handle);
                    }
                    return outcome(failing, TokenUnavailableException.notClaimed(handle, claim), false);
                }
                family = family.withSharedRevision(claim.family().sharedRevision());
                TokenFamily requesting = request.requesting(family);
                try {
                    store.saveRequest(requesting, family, handle);
                } catch (IOException e) {
                    claims.publish(claim, family);
                    throw e;
                }
                // 5. Send it, once.
                Attempt attempt = new Attempt(handle, request, claim, family, requesting, clock.instant());
                TokenFamily granted;
                try {
                    claims.checkClaimValid(claim);
                    granted = request.send(requesting);
                } catch (TokenRequestException e) {
                    return failed(attempt, e);
                } catch (RuntimeException e) {
                    String cause = "unexpected failure: " + e.getClass().getName();
                    saveFailure(attempt, new TokenRequestException.OutcomeUnknown(cause, e));
                    throw e;
                }
                // 6. Save the response, forced to disk before any caller gets the access token, and publish it.
                return granted(attempt, granted);
            } finally {
                // 7. Unlock.
                lock.close();
            }
        }
    }

    /**
     * Replaces the token by that of the location's last family if the credential comes from a {@link VersionedSecret}:
     * its token may have been published by another controller and belong to no family here. A token of another family
     * is found when the store is read, for rotating tokens only.
     */
    private CredentialHandle withKnownToken(CredentialHandle handle) throws IOException {
        if (handle.writer().versionedSecret() == null) {
            return handle;
        }
        Account account = handle.client().account();
        CredentialLocation location = handle.location();
        TokenFamily known = store.find(handle.token(), account, location);
        boolean isBound = known != null && known.locations().contains(location);
        TokenFamily last = isBound ? known : store.findLastUsed(account, location);
        return last == null || !TokenFamilyStore.isDurable(last, handle)
                ? handle
                : handle.withToken(last.tokens().current());
    }

    /** Binds the family to the location of its current token. A former token is accepted only at a bound location. */
    private TokenFamily bindToLocation(CredentialHandle handle, TokenFamily family) throws TokenUnavailableException {
        boolean isCurrent = family.tokens().current().equals(handle.token());
        // Read under the lock: the renaming of a folder waits for the lock before it renames the bound locations.
        CredentialLocation location = handle.location();
        boolean isBound =
                family.locations().contains(location) || family.locations().contains(location.beforeSaving());
        if (!isCurrent && !isBound) {
            throw TokenUnavailableException.staleCopy(handle);
        }
        return family.boundTo(location);
    }

    private TokenFamily createFamily(CredentialHandle handle) {
        TokenFamily created = TokenFamily.created(handle.client().account(), handle.token(), hashes, clock.instant());
        return handle.client().regenerates() ? created.nonRotating() : created;
    }

    private final class AccessTokenRequest implements TokenRequestSteps {

        private final CredentialHandle handle;
        private final Predicate<AccessToken> acceptable;

        AccessTokenRequest(CredentialHandle handle, Predicate<AccessToken> acceptable) {
            this.handle = handle;
            this.acceptable = acceptable;
        }

        @Override
        public boolean isUnnecessary(TokenFamily family) {
            AccessToken cached = family.accessToken();
            return cached != null && acceptable.test(cached);
        }

        @Override
        public boolean alwaysRotates() {
            return false;
        }

        @Override
        public TokenFamily requesting(TokenFamily family) {
            return family.requesting(clock.instant());
        }

        @Override
        public TokenFamily send(TokenFamily requesting) throws TokenRequestException {
            TokenResponse response = TokenManager.this.send(handle, requesting);
            return requesting.granted(response, hashes, clock.instant());
        }

        @Override
        public TokenFamily afterFailure(TokenFamily before, TokenFamily requesting, TokenRequestException e) {
            return requesting.afterFailure(
                    before, e, isResendable(handle, requesting), timeout, hashes, clock.instant());
        }

        @Override
        public void granted(TokenFamily before, TokenFamily after, Duration took) {
            listener.granted(handle, before, after, took);
        }
    }

    /** Sends the session of the family's access token if there is one, else the secret. */
    private TokenResponse send(CredentialHandle handle, TokenFamily family) throws TokenRequestException {
        TokenClient client = handle.client();
        String secret = handle.secretOf(family);
        String session = store.session(family.id());
        try {
            TokenResponse response =
                    session == null ? client.requestToken(secret) : client.refreshSession(secret, session);
            store.putSession(family.id(), response.session());
            return response;
        } catch (TokenRequestException e) {
            if (!(e instanceof TokenRequestException.NotSent)) {
                store.endSession(family.id());
            }
            throw e;
        }
    }

    /**
     * Handles the state REQUESTING under the family's lock: the process that saved the request has ended, or the claim
     * of another controller has.
     *
     * @param found the record of the ledger
     */
    private TokenFamily recoverInterruptedRequest(
            CredentialHandle handle, TokenFamily requesting, Optional<TokenFamily> found) throws IOException {
        boolean isOwn = found.filter(record -> record.state() == TokenFamily.Status.REQUESTING)
                .isPresent();
        TokenRequestException cause = new TokenRequestException.OutcomeUnknown(
                (isOwn ? "Jenkins" : "another controller")
                        + " stopped while the refresh token was on its way to the server",
                null);
        TokenFamily recovered = requesting.afterFailure(
                requesting, cause, isResendable(handle, requesting), timeout, hashes, clock.instant());
        recovered = recovered.withLaterNotBefore(requesting.notBefore());
        store.save(recovered, handle);
        listener.failed(handle, recovered, cause, Duration.ZERO);
        return recovered;
    }

    /** @return null when the family's current token may be sent now */
    @CheckForNull
    private TokenUnavailableException reasonNotToSend(CredentialHandle handle, TokenFamily family) {
        Instant now = clock.instant();
        return switch (family.state()) {
            case READY -> {
                Instant notBefore = family.notBefore();
                yield notBefore == null || !now.isBefore(notBefore)
                        ? null
                        : TokenUnavailableException.throttled(handle, family, notBefore);
            }
            case REJECTED -> {
                // A password is sent again later, since it may be corrected at the server. Not immediately, since
                // servers count failed logins and lock the account.
                Instant end = family.changed().plus(REJECTION_RETRY_DELAY);
                if (TokenFamilyStore.isDurable(family, handle)) {
                    yield TokenUnavailableException.rejectedEarlier(handle, family);
                }
                yield now.isBefore(end) ? TokenUnavailableException.rejectedForNow(handle, family, end) : null;
            }
            case UNKNOWN -> {
                Instant retry = retryAfterUnknown(family);
                yield retry == null || now.isBefore(retry)
                        ? TokenUnavailableException.unknown(handle, family, retry)
                        : null;
            }
            case REQUESTING -> throw new IllegalStateException("resolved before");
        };
    }

    /**
     * Time at which a token with a lost response is sent once more: when the lost request can no longer reach the
     * server, and neither this family nor one that is derived from it has a valid access token, which a refusal could
     * revoke (<a href="https://www.rfc-editor.org/rfc/rfc9700#section-4.14">RFC 9700 section 4.14</a> lets a server
     * revoke the whole family when a token is reused). If the server has not rotated the token, the request succeeds;
     * otherwise the next token is lost in any case.
     *
     * @return null when retries are off
     */
    @CheckForNull
    private Instant retryAfterUnknown(TokenFamily family) {
        if (!retriesUnknown.getAsBoolean()) {
            return null;
        }
        Instant notBefore = family.notBefore();
        Instant earliest = notBefore == null ? family.changed().plus(timeout) : notBefore;
        return Stream.concat(Stream.of(family), store.derivedFrom(family.id()))
                .map(TokenFamily::usableUntil)
                .filter(Objects::nonNull)
                .filter(earliest::isBefore)
                .max(Comparator.naturalOrder())
                .orElse(earliest);
    }

    /** @param before the family before the request */
    private record Attempt(
            CredentialHandle handle,
            TokenRequestSteps request,
            SharedTokenCoordinator.View claim,
            TokenFamily before,
            TokenFamily requesting,
            Instant sent) {}

    /** Saves a response and publishes it to other controllers, even if it could not be saved. */
    private void saveAndPublish(Attempt attempt, TokenFamily after) throws IOException {
        try {
            store.saveResponse(after, attempt.handle());
        } catch (IOException e) {
            claims.publish(attempt.claim(), after);
            throw e;
        }
        if (!claims.publish(attempt.claim(), after)) {
            writeBack.addFailed(attempt.handle(), after.id());
        }
    }

    private Outcome granted(Attempt attempt, TokenFamily granted) throws IOException {
        CredentialHandle handle = attempt.handle();
        TokenFamily before = attempt.before();
        saveAndPublish(attempt, granted);
        store.removeReplaced(granted);
        attempt.request().granted(before, granted, Duration.between(attempt.sent(), clock.instant()));
        if (before.state() == TokenFamily.Status.UNKNOWN) {
            LOGGER.log(
                    Level.INFO,
                    "{0}: healed. The response of {1} was lost ({2}), but the server had not rotated the refresh token.",
                    new Object[] {handle.description(), before.changed(), before.error()});
        }
        return outcome(
                granted, null, granted.tokens().generation() > before.tokens().generation());
    }

    private Outcome failed(Attempt attempt, TokenRequestException e) throws IOException {
        TokenFamily after = saveFailure(attempt, e);
        boolean isTokenUnaffected = after.state() == TokenFamily.Status.READY
                && TokenFamily.isResponseMissing(e)
                && !e.errorType().isProbablyRejection();
        Instant retry = after.state() == TokenFamily.Status.UNKNOWN ? retryAfterUnknown(after) : null;
        return outcome(
                after,
                isTokenUnaffected
                        ? TokenUnavailableException.unusableResponse(attempt.handle(), e)
                        : TokenUnavailableException.requestFailed(attempt.handle(), attempt.before(), e, retry),
                false);
    }

    private TokenFamily saveFailure(Attempt attempt, TokenRequestException e) throws IOException {
        CredentialHandle handle = attempt.handle();
        TokenFamily after = attempt.request().afterFailure(attempt.before(), attempt.requesting(), e);
        saveAndPublish(attempt, after);
        if (after.state() == TokenFamily.Status.REJECTED) {
            admin.pruneRejected();
        }
        listener.failed(handle, after, e, Duration.between(attempt.sent(), clock.instant()));
        return after;
    }

    /** Whether the token does not rotate, so that it can be sent again. */
    private static boolean isResendable(CredentialHandle handle, TokenFamily family) {
        return family.tokens().nonRotating() || !TokenFamilyStore.isDurable(family, handle);
    }

    private Outcome outcome(TokenFamily family, @CheckForNull TokenUnavailableException error, boolean rotated) {
        return new Outcome(store.put(family), error, rotated);
    }

    private static TokenResult result(
            CredentialHandle handle,
            TokenFamily family,
            AccessToken accessToken,
            @CheckForNull TokenUnavailableException error) {
        TokenClient client = handle.client();
        return new TokenResult(family.id(), client.account(), accessToken, error, client.warning(accessToken), false);
    }

    /**
     * @return a valid access token of the credential from memory, or null
     */
    @CheckForNull
    public AccessToken cached(CredentialHandle handle) {
        TokenFamily family = store.findUsable(handle, clock.instant());
        return family == null ? null : family.accessToken();
    }

    /**
     * Like {@link #request}, with the currently stored secret and settings. Does not block: the store is read on a
     * request thread, since it may be locked by a save.
     */
    public CompletableFuture<TokenResult> renew(CredentialHandle handle, Predicate<AccessToken> acceptable) {
        return queue.call(handle, handle::asStored).thenCompose(now -> request(now, acceptable));
    }

    /** Whether the currently stored secret belongs to another family than the result. Sends nothing, does not block. */
    public CompletableFuture<Boolean> hasStoredSecretChanged(CredentialHandle handle, TokenResult result) {
        return queue.call(handle, () -> !result.familyId().equals(findCachedFamilyId(handle.asStored())));
    }

    @CheckForNull
    private String findCachedFamilyId(CredentialHandle handle) throws TokenUnavailableException {
        CredentialHandle parent = handle.parent();
        if (parent == null) {
            TokenFamily family = findCached(handle);
            return family == null ? null : family.id();
        }
        String parentId = findCachedFamilyId(parent);
        return parentId == null ? null : hashes.ofFamily(handle.issuer().account(), parentId);
    }

    /**
     * Revokes a family's session at its server, if it has one, and removes its access token from the cache. Does not
     * block.
     *
     * @param unused whether no lease uses the family; called under the family's lock, after the access token was
     *     removed
     */
    public void release(CredentialHandle handle, String familyId, BooleanSupplier unused) {
        if (store.hasSession(familyId)) {
            runInBackground(handle, () -> revokeSession(handle, familyId, unused));
        }
    }

    /**
     * Cleans up after a connection test of an unsaved secret: revokes the session, and removes the family from memory
     * unless the server rejected or replaced the secret. Does not block.
     *
     * @param unused whether no lease uses the family with the given ID
     */
    public void forgetUnsaved(CredentialHandle handle, Predicate<String> unused) {
        String id = hashes.ofFamily(handle.client().account(), handle.token());
        runInBackground(handle, () -> {
            revokeSession(handle, id, () -> unused.test(id));
            try (TokenLedger.Lock lock = ledger.lock(id, timeout)) {
                store.forgetTested(id, handle.location());
            }
            return null;
        });
    }

    private Void revokeSession(CredentialHandle handle, String familyId, BooleanSupplier unused)
            throws TokenRequestException, TokenUnavailableException, IOException, InterruptedException {
        String session;
        try (TokenLedger.Lock lock = ledger.lock(familyId, timeout)) {
            session = store.takeSession(familyId, unused);
        }
        if (session != null) {
            handle.issuer().revokeSession(session);
        }
        return null;
    }

    private void runInBackground(CredentialHandle handle, Callable<Void> task) {
        queue.call(handle, () -> {
                    try {
                        return task.call();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                        throw e;
                    }
                })
                .whenComplete((nothing, failure) -> {
                    if (failure != null) {
                        // The server ends the session when it expires.
                        LOGGER.log(
                                failure instanceof TokenUnavailableException ? Level.FINE : Level.INFO,
                                failure,
                                () -> handle.description() + ": its session could not be ended");
                    }
                });
    }

    /** Prevents that further requests start, since their responses could not be saved. */
    public void shutdown() {
        queue.shutdown();
    }

    /** Whether the access token may have been revoked since it was returned. May be true for a valid one. */
    public boolean isReleased(TokenResult result) {
        TokenFamily family = store.findCached(result.familyId());
        return family == null || !result.accessToken().equals(family.accessToken());
    }
}
