package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
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
 * Access tokens of all token families. {@link #refresh} keeps two promises: a rotated refresh token is never lost, and
 * none is sent twice while anything could be lost by it.
 *
 * <p>In this process callers of one credential location share a request, and requests of one family run one after the
 * other ({@link RequestQueue}). Across processes the family's lock keeps the second request out until it can load what
 * the first one saved. A request runs on a thread of its own, so interrupting a caller never interrupts a request.
 */
public final class TokenManager {

    private static final Logger LOGGER = Logger.getLogger(TokenManager.class.getName());

    /** Longer than servers count failed logins for, and than they lock an account. */
    static final Duration REFUSAL_HOLDS = Duration.ofMinutes(15);

    private final TokenLedger ledger;
    private final TokenHash hashes;
    private final InstantSource clock;
    private final Duration timeout;
    private final BooleanSupplier retriesUnknown;
    private final TokenListener listener;
    private final TokenFamilyStore store;
    private final TokenFamilyResolver resolver;
    private final TokenClaims claims;
    private final CredentialWriteBack writeBack;
    private final TokenFamilyAdmin admin;
    private final RequestQueue queue;

    /**
     * @param requestThreads starts each task at once, whatever their number; its threads block on the network
     * @param writeBackThread runs writes to credentials stores one after the other, so that the newest token is written
     *     last
     * @param timeout how long a caller, or another process, waits for a request; twice the longest request, so that a
     *     request with a lost response can no longer be on its way after it
     * @param retriesUnknown whether a refresh token with a lost response is sent once more when nothing can be lost by
     *     it; else a person decides
     * @param listener gets the events of families and leases
     */
    public TokenManager(
            TokenLedger ledger,
            TokenHash hashes,
            Executor requestThreads,
            Executor writeBackThread,
            InstantSource clock,
            Duration timeout,
            BooleanSupplier retriesUnknown,
            TokenListener listener) {
        this.ledger = ledger;
        this.hashes = hashes;
        this.clock = clock;
        this.timeout = timeout;
        this.retriesUnknown = retriesUnknown;
        this.listener = listener;
        this.store = new TokenFamilyStore(ledger, hashes);
        this.resolver = new TokenFamilyResolver(ledger, store, hashes);
        this.claims = new TokenClaims(hashes, clock, timeout);
        this.writeBack = new CredentialWriteBack(ledger, hashes, writeBackThread, claims, timeout);
        this.admin = new TokenFamilyAdmin(ledger, store, writeBack, hashes, clock, timeout);
        this.queue = new RequestQueue(requestThreads);
    }

    public TokenFamilyAdmin administration() {
        return admin;
    }

    public TokenListener listener() {
        return listener;
    }

    /** All families as they are now. Reads the ledger. */
    public TokenFamilySnapshot snapshot() throws IOException {
        return admin.snapshot(queue.requestingFamilies());
    }

    /**
     * Waits for an access token. Interrupting the caller ends the wait, not the request.
     *
     * @throws TokenUnavailableException when there is none within the timeout
     */
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
                // A new one, so that the stack trace is the caller's and the suppressed list is not shared.
                throw known.again();
            }
            throw TokenUnavailableException.unexpected(handle, e.getCause());
        } catch (TimeoutException e) {
            throw queue.isQueued(handle.location())
                    ? TokenUnavailableException.notSentInTime(handle, timeout.toSeconds(), e)
                    : TokenUnavailableException.tooLong(handle, timeout.toSeconds(), e);
        }
    }

    /**
     * Does not block. Completes exceptionally with a {@link TokenUnavailableException} when there is no valid access
     * token.
     *
     * @param acceptable whether a cached access token makes a request unnecessary; must be fast and free of side
     *     effects
     */
    public CompletableFuture<TokenResult> request(CredentialHandle handle, Predicate<AccessToken> acceptable) {
        CredentialHandle parent = handle.parent();
        if (parent != null) {
            try {
                return new DerivedTokenRequest(this, clock, handle, parent, handle.issuer(), acceptable).send();
            } catch (TokenUnavailableException e) {
                return CompletableFuture.failedFuture(e);
            }
        }
        TokenUnavailableException missing = resolver.secretMissing(handle);
        if (missing != null) {
            return CompletableFuture.failedFuture(missing);
        }
        Predicate<AccessToken> alive = token -> token.isAlive(clock.instant()) && acceptable.test(token);
        TokenFamily known = findCached(handle);
        AccessToken accessToken = known == null ? null : known.accessToken();
        if (accessToken != null && known.locations().contains(handle.location()) && alive.test(accessToken)) {
            writeBack.enqueue(handle, known);
            return CompletableFuture.completedFuture(result(handle, known, accessToken, null));
        }
        String id = known != null ? known.id() : hashes.ofFamily(handle.client().account(), handle.token());
        Callable<TokenResult> mine = () -> refreshAndWriteBack(handle, alive);
        RequestQueue.PendingRequest pending = queue.enqueue(id, handle, mine);
        return pending.isOf(mine)
                ? pending.result()
                : pending.result()
                        .thenCompose(result -> result.error() != null || alive.test(result.accessToken())
                                ? CompletableFuture.completedFuture(result)
                                : request(handle, acceptable));
    }

    /** On a thread that may block. */
    private TokenResult refreshAndWriteBack(CredentialHandle handle, Predicate<AccessToken> acceptable)
            throws TokenUnavailableException, InterruptedException {
        TokenResult result = refreshOrCached(handle, acceptable);
        TokenFamily family = findCached(handle);
        boolean isPublished = result.rotated() && handle.writer().versionedSecret() != null;
        if (family != null && !isPublished) {
            writeBack.enqueue(handle, family);
        }
        return result;
    }

    @CheckForNull
    private TokenFamily findCached(CredentialHandle handle) {
        return store.findCached(handle.token(), handle.client().account(), handle.location());
    }

    /** Falls back to a cached access token while the ledger cannot be written, which prevents all requests. */
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

    /** @param acceptable which cached access token makes a request unnecessary */
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
     * Has the server issue another secret in place of the stored one, if that is due. Blocks. Access tokens that are in
     * use stay valid. Requests an access token before, where none is cached: the server may want one, and it shows that
     * the stored secret still works.
     *
     * @param told when the stored secret expires, as its credential says, or null; the ledger knows it of a secret that
     *     was issued like this
     * @param beforeExpiry how long before its expiry a secret is replaced
     * @return whether it was replaced
     * @throws TokenUnavailableException when a request failed, or must not be sent now
     */
    public boolean regenerateIfDue(CredentialHandle handle, @CheckForNull Instant told, Duration beforeExpiry)
            throws TokenUnavailableException, InterruptedException {
        Regeneration request = new Regeneration(handle, told, beforeExpiry, hashes, clock, timeout, listener);
        try {
            CredentialHandle known = withKnownToken(handle);
            TokenFamily family = store.find(known.token(), known.client().account(), known.location());
            if (family == null ? !request.isDue(told) : request.isDone(family)) {
                return false;
            }
        } catch (IOException e) {
            throw TokenUnavailableException.ledgerUnusable(handle, e);
        }
        await(handle, accessToken -> true);
        return join(handle, regenerate(handle, request));
    }

    /** On a request thread, under the family's lock, which the request of another caller or process may hold. */
    CompletableFuture<Boolean> regenerate(CredentialHandle handle, Regeneration request) {
        return queue.call(handle, () -> {
            Outcome outcome = sendOnce(handle, request);
            writeBack.enqueue(handle, outcome.family());
            if (outcome.error() != null) {
                throw outcome.error();
            }
            return outcome.rotated();
        });
    }

    /**
     * What came of a request.
     *
     * @param family as it is saved
     * @param error why there is nothing newer; null after a response, and where no request was necessary
     * @param rotated whether the response had another secret
     */
    private record Outcome(TokenFamily family, @CheckForNull TokenUnavailableException error, boolean rotated) {}

    /**
     * How a stored token is sent, in seven steps. The caller then enqueues the write-back of a rotated token and
     * publishes the result.
     */
    private Outcome sendOnce(CredentialHandle stored, SecretRequest request)
            throws IOException, InterruptedException, TokenUnavailableException {
        CredentialHandle handle = withKnownToken(stored);
        String id = resolver.findFamily(handle);
        boolean hasChanged = false;
        while (true) {
            // 1. Lock the family, against the threads of this process and against other processes.
            TokenLedger.Lock lock = ledger.lock(id, timeout);
            try {
                // 2. Load it: another process may have refreshed it since, or another controller, see TokenClaims.
                Optional<TokenFamily> found = store.load(id);
                String now = resolver.findFamilyAgain(handle, id, found.orElse(null));
                if (!now.equals(id)) {
                    id = now;
                    continue;
                }
                TokenClaims.View view = claims.read(
                        handle,
                        bound(handle, found.isPresent() ? found.get() : created(handle)),
                        request.alwaysRotates(),
                        hasChanged);
                String otherToken = view.otherToken();
                if (otherToken != null) {
                    handle = handle.withToken(otherToken);
                    id = resolver.findFamily(handle);
                    continue;
                }
                TokenFamily family = view.family();
                // 3. Is the request unnecessary by now, as where an access token is cached that lasts?
                if (request.isDone(family)) {
                    if (!Optional.of(family).equals(found)) {
                        store.save(family, handle);
                    }
                    return outcome(family, null, false);
                }
                if (view.claimedUntil() != null) {
                    claims.awaitOther(view);
                    continue;
                }
                family = family.state() == TokenFamily.Status.REQUESTING ? stopped(handle, family, found) : family;
                TokenUnavailableException reason = reasonNotToSend(handle, family);
                if (reason != null) {
                    return outcome(family, reason, false);
                }
                // 4. Claim the token where other controllers could send it, too. Save that it is about to be sent:
                // after a crash the ledger tells that it may have been.
                TokenClaims.View claim = claims.claim(view, request.requesting(family));
                if (claim == null) {
                    hasChanged = true;
                    continue;
                }
                if (!claims.isSendable(claim)) {
                    TokenFamily failing = family.failing(claim.notClaimed());
                    if (!failing.equals(family)) {
                        store.save(failing, handle);
                    }
                    return outcome(failing, TokenUnavailableException.notClaimed(handle, claim), false);
                }
                family = family.seen(claim.family().sharedRevision());
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
                    claims.checkStands(claim);
                    granted = request.send(requesting);
                } catch (TokenRequestException e) {
                    return failed(attempt, e);
                } catch (RuntimeException e) {
                    String cause = "unexpected failure: " + e.getClass().getName();
                    saveFailure(attempt, new TokenRequestException.OutcomeUnknown(cause, e));
                    throw e;
                }
                // 6. Save the response, forced to disk before any caller has the access token, and publish it.
                return granted(attempt, granted);
            } finally {
                // 7. Unlock.
                lock.close();
            }
        }
    }

    /**
     * A credential from a {@link VersionedSecret} may store a token that another controller has published, which leads to
     * no family here: its location does. A token of another family is found when the store is read, which happens for
     * rotating tokens alone.
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

    /** Binds the family to the location of its current token. A former token leads to it only from a bound location. */
    private TokenFamily bound(CredentialHandle handle, TokenFamily family) throws TokenUnavailableException {
        boolean isCurrent = family.tokens().current().equals(handle.token());
        // Read under the lock: renaming the folder waits for the lock, and then renames the bound locations.
        CredentialLocation location = handle.location();
        boolean isBound =
                family.locations().contains(location) || family.locations().contains(location.beforeSaving());
        if (!isCurrent && !isBound) {
            throw TokenUnavailableException.staleCopy(handle);
        }
        return family.boundTo(location);
    }

    private TokenFamily created(CredentialHandle handle) {
        TokenFamily created = TokenFamily.created(handle.client().account(), handle.token(), hashes, clock.instant());
        return handle.client().regenerates() ? created.nonRotating() : created;
    }

    /** Requests an access token. */
    private final class AccessTokenRequest implements SecretRequest {

        private final CredentialHandle handle;
        private final Predicate<AccessToken> acceptable;

        AccessTokenRequest(CredentialHandle handle, Predicate<AccessToken> acceptable) {
            this.handle = handle;
            this.acceptable = acceptable;
        }

        @Override
        public boolean isDone(TokenFamily family) {
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

    /** Sends the session of the family's access token where there is one, else the secret. */
    private TokenResponse send(CredentialHandle handle, TokenFamily family) throws TokenRequestException {
        TokenEndpointClient client = handle.client();
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
     * The lock is free, so the process that saved the request has ended; or the claim of another controller has.
     *
     * @param found the record of the ledger
     */
    private TokenFamily stopped(CredentialHandle handle, TokenFamily requesting, Optional<TokenFamily> found)
            throws IOException {
        boolean isOwn = found.filter(record -> record.state() == TokenFamily.Status.REQUESTING)
                .isPresent();
        TokenRequestException cause = new TokenRequestException.OutcomeUnknown(
                (isOwn ? "Jenkins" : "another controller")
                        + " stopped while the refresh token was on its way to the server",
                null);
        TokenFamily stopped = requesting.afterFailure(
                requesting, cause, isResendable(handle, requesting), timeout, hashes, clock.instant());
        stopped = stopped.notBefore(requesting.notBefore());
        store.save(stopped, handle);
        listener.failed(handle, stopped, cause, Duration.ZERO);
        return stopped;
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
                // A password may be corrected at the server alone, so it is sent again. Not at once: servers count
                // refused logins and lock the account.
                Instant end = family.changed().plus(REFUSAL_HOLDS);
                if (TokenFamilyStore.isDurable(family, handle)) {
                    yield TokenUnavailableException.refusedEarlier(handle, family);
                }
                yield now.isBefore(end) ? TokenUnavailableException.refusedForNow(handle, family, end) : null;
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
     * When a token with a lost response is sent once more: when the lost request can no longer be on its way, and no
     * access token remains that a refusal could cost, neither of this family nor of one that is derived from it. If the
     * server had not rotated the token, the request works; if it had, the next token is lost in any case (<a
     * href="https://www.rfc-editor.org/rfc/rfc9700#section-4.14">RFC 9700 section 4.14</a> lets a server revoke the whole
     * family for a token that it sees twice).
     *
     * @return null when a person decides
     */
    @CheckForNull
    private Instant retryAfterUnknown(TokenFamily family) {
        if (!retriesUnknown.getAsBoolean()) {
            return null;
        }
        Instant notBefore = family.notBefore();
        Instant earliest = notBefore == null ? family.changed().plus(timeout) : notBefore;
        return Stream.concat(Stream.of(family), store.derivedFrom(family.id()))
                .map(TokenFamily::endOfUse)
                .filter(Objects::nonNull)
                .filter(earliest::isBefore)
                .max(Comparator.naturalOrder())
                .orElse(earliest);
    }

    /**
     * A request that is sent.
     *
     * @param before the family when the request was made
     */
    private record Attempt(
            CredentialHandle handle,
            SecretRequest request,
            TokenClaims.View claim,
            TokenFamily before,
            TokenFamily requesting,
            Instant sent) {}

    /** Saves a response, and then publishes it to the other controllers, also where the disk refuses it. */
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
        boolean nothingLost = after.state() == TokenFamily.Status.READY
                && TokenFamily.isResponseMissing(e)
                && !e.tokenError().isProbablyRejection();
        Instant retry = after.state() == TokenFamily.Status.UNKNOWN ? retryAfterUnknown(after) : null;
        return outcome(
                after,
                nothingLost
                        ? TokenUnavailableException.nothingLost(attempt.handle(), e)
                        : TokenUnavailableException.requestFailed(attempt.handle(), attempt.before(), e, retry),
                false);
    }

    private TokenFamily saveFailure(Attempt attempt, TokenRequestException e) throws IOException {
        CredentialHandle handle = attempt.handle();
        TokenFamily after = attempt.request().afterFailure(attempt.before(), attempt.requesting(), e);
        saveAndPublish(attempt, after);
        if (after.state() == TokenFamily.Status.REJECTED) {
            admin.pruneRefusals();
        }
        listener.failed(handle, after, e, Duration.between(attempt.sent(), clock.instant()));
        return after;
    }

    /** Whether the server expects the same token again, as its last response left it as it was. */
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
        TokenEndpointClient client = handle.client();
        return new TokenResult(family.id(), client.account(), accessToken, error, client.warning(accessToken), false);
    }

    /**
     * A valid access token of a credential, from memory. Sends nothing.
     *
     * @return null when there is none
     */
    @CheckForNull
    public AccessToken cached(CredentialHandle handle) {
        TokenFamily family = store.findUsable(handle, clock.instant());
        return family == null ? null : family.accessToken();
    }

    /**
     * Like {@link #request}, with the secret and the settings that are stored now. Does not block: reading a store may
     * wait for a save, so it happens on a request thread.
     */
    public CompletableFuture<TokenResult> renew(CredentialHandle handle, Predicate<AccessToken> acceptable) {
        return queue.call(handle, handle::asStored).thenCompose(now -> request(now, acceptable));
    }

    /** Whether the secret that is stored now leads to another family than a result. Sends nothing, does not block. */
    public CompletableFuture<Boolean> isStoredChanged(CredentialHandle handle, TokenResult result) {
        return queue.call(handle, () -> !result.familyId().equals(findCachedFamilyId(handle.asStored())));
    }

    /** Null where the cache has no family of the credential. */
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
     * Revokes a family's session at its server, if it has one, and drops the access token that belongs to it. Does not
     * block; a server without a response ends the session by itself later.
     *
     * @param unused called under the family's lock, after its access token was dropped: whether no lease uses the
     *     family
     */
    public void release(CredentialHandle handle, String familyId, BooleanSupplier unused) {
        if (store.hasSession(familyId)) {
            runInBackground(handle, () -> revokeSession(handle, familyId, unused));
        }
    }

    /**
     * Forgets a connection test of a secret that may never be saved: its session at the server, and its family in
     * memory unless the server replaced the secret, or refused it and counts refusals. Does not block.
     *
     * @param unused whether no lease uses a family
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
                        // A server ends a session by itself some time later.
                        LOGGER.log(
                                failure instanceof TokenUnavailableException ? Level.FINE : Level.INFO,
                                failure,
                                () -> handle.description() + ": its session could not be ended");
                    }
                });
    }

    /** From now on no request begins, since its response might come when it can no longer be saved. */
    public void shutdown() {
        queue.shutdown();
    }

    /**
     * Whether the access token may have been revoked since it was returned; true without need costs another look-up.
     */
    public boolean isReleased(TokenResult result) {
        TokenFamily family = store.findCached(result.familyId());
        return family == null || !result.accessToken().equals(family.accessToken());
    }
}
