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
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Access tokens of all token families. Two promises are kept here, in {@link #refresh}: a rotated refresh token is never
 * lost, and none is sent twice while anything could be lost by it.
 *
 * <p>In this process a second request for a credential location waits for the response to the first one; a request for
 * another location of the family begins after that. Across processes the family's lock keeps the second request out until
 * it can read what the first one has written. A request runs on a thread of its own, so a caller that gives up waiting
 * never interrupts it.
 */
public final class TokenManager {

    private static final Logger LOGGER = Logger.getLogger(TokenManager.class.getName());

    /** Longer than servers count failed logins for, and than they lock an account. */
    static final Duration REFUSAL_HOLDS = Duration.ofMinutes(15);

    /**
     * What is left of an access token that is no longer of use: a request made with it may arrive too late. A block needs
     * the next one by then. Of short lifetimes it is a twentieth.
     */
    private static final Duration LAST_MOMENTS = Duration.ofSeconds(15);

    private final TokenLedger ledger;
    private final TokenHash hashes;
    private final InstantSource clock;
    private final Duration timeout;
    private final BooleanSupplier retriesUnknown;
    private final TokenListener listener;
    private final TokenFamilyCache cache;
    private final TokenFamilyStore records;
    private final TokenFamilyResolver resolver;
    private final ServerSessions sessions = new ServerSessions();
    private final CredentialWriteBack writeBack;
    private final TokenFamilyAdmin admin;
    private final RequestQueue queue;
    private final ConcurrentMap<Target, PendingRequest> pending = new ConcurrentHashMap<>();
    private volatile boolean shutDown;

    /**
     * What callers wait for together. Not shared between locations: a former token leads to its family from some of them
     * only.
     */
    private record Target(String familyId, CredentialLocation location) {}

    /** One request for an access token, queued until it has begun. */
    private static final class PendingRequest {
        final CompletableFuture<TokenResult> result = new CompletableFuture<>();
        volatile boolean begun;
    }

    /**
     * @param requestThreads runs requests, each at once, as many as there are; its threads block on the network
     * @param writeBackThread runs writes to credentials stores one after the other, so that the newest token wins
     * @param timeout how long a caller, or another process, waits for a request; twice what a call may take, so that a
     *     request whose response was lost can no longer be on its way after it
     * @param retriesUnknown whether a refresh token whose response was lost is sent once more when nothing can be lost by
     *     it; else a person decides
     * @param listener is told what happens to the families, and who gets access tokens of them
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
        this.cache = new TokenFamilyCache(ledger, hashes);
        this.records = new TokenFamilyStore(ledger);
        this.resolver = new TokenFamilyResolver(ledger, cache, hashes);
        this.writeBack = new CredentialWriteBack(ledger, hashes, writeBackThread);
        this.admin = new TokenFamilyAdmin(ledger, records, cache, writeBack, hashes, clock, timeout);
        this.queue = new RequestQueue(requestThreads);
    }

    public TokenFamilyAdmin administration() {
        return admin;
    }

    public TokenListener listener() {
        return listener;
    }

    /** All families as they are now. Reads the ledger. */
    public TokenFamilySnapshot survey() throws IOException {
        Set<String> requesting = pending.entrySet().stream()
                .filter(request -> request.getValue().begun)
                .map(request -> request.getKey().familyId())
                .collect(Collectors.toSet());
        return admin.survey(requesting, writeBack.failed());
    }

    /**
     * Waits for an access token. Interrupting the caller ends the waiting, not the request.
     *
     * @throws TokenUnavailableException when there is none, or not in time
     */
    public TokenResult await(CredentialHandle handle, Predicate<AccessToken> acceptable)
            throws TokenUnavailableException, InterruptedException {
        try {
            return request(handle, acceptable).get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TokenUnavailableException known) {
                // A new one, so that the stack trace is the caller's and the suppressed list is not shared.
                throw known.again();
            }
            throw TokenUnavailableException.unexpected(handle, e.getCause());
        } catch (TimeoutException e) {
            throw isQueued(handle)
                    ? TokenUnavailableException.notSentInTime(handle, timeout.toSeconds(), e)
                    : TokenUnavailableException.tooLong(handle, timeout.toSeconds(), e);
        }
    }

    private boolean isQueued(CredentialHandle handle) {
        CredentialLocation location = handle.location();
        List<PendingRequest> here = pending.entrySet().stream()
                .filter(request -> request.getKey().location().equals(location))
                .map(Map.Entry::getValue)
                .toList();
        return !here.isEmpty() && here.stream().noneMatch(request -> request.begun);
    }

    /**
     * Does not block. Completes exceptionally with a {@link TokenUnavailableException} when there is no living access
     * token.
     *
     * @param acceptable which cached access token the caller takes; must be quick and free of side effects
     */
    public CompletableFuture<TokenResult> request(CredentialHandle handle, Predicate<AccessToken> acceptable) {
        Function<AccessToken, TokenEndpointClient> tenantClients = handle.derivation();
        if (tenantClients != null) {
            return new TenantTokenRequest(this, clock, handle, tenantClients, acceptable).send();
        }
        TokenUnavailableException missing = resolver.secretMissing(handle);
        if (missing != null) {
            return CompletableFuture.failedFuture(missing);
        }
        Predicate<AccessToken> alive =
                accessToken -> accessToken.isAlive(clock.instant()) && acceptable.test(accessToken);
        Account account = handle.service().account();
        String hash = hashes.ofToken(handle.token().isBlank() ? "" : handle.token());
        CredentialLocation location = handle.location();
        TokenFamilyCache.Entry known = cache.warm(hash, account, location);
        if (known != null) {
            AccessToken accessToken = known.accessToken();
            if (accessToken != null && known.locations().contains(location) && alive.test(accessToken)) {
                writeBack.enqueue(handle, hash, known.familyId(), known.currentHash());
                return CompletableFuture.completedFuture(result(handle, known.familyId(), accessToken, null));
            }
        }
        String id = known != null ? known.familyId() : hashes.ofFamily(account, handle.token());
        Target target = new Target(id, location);
        PendingRequest mine = new PendingRequest();
        PendingRequest running = pending.putIfAbsent(target, mine);
        if (running != null) {
            return running.result.thenCompose(result -> result.error() != null || alive.test(result.accessToken())
                    ? CompletableFuture.completedFuture(result)
                    : request(handle, acceptable));
        }
        queue.runForFamily(id, handle, () -> run(target, mine, handle, hash, alive), rejection -> {
            pending.remove(target, mine);
            mine.result.completeExceptionally(TokenUnavailableException.shuttingDown(handle, rejection));
        });
        return mine.result;
    }

    /** On a thread that may block. */
    private void run(
            Target target,
            PendingRequest request,
            CredentialHandle handle,
            String hash,
            Predicate<AccessToken> acceptable) {
        try {
            if (shutDown) {
                throw TokenUnavailableException.shuttingDown(handle, null);
            }
            request.begun = true;
            TokenResult result = refreshOrCached(handle, hash, acceptable);
            TokenFamilyCache.Entry entry = cache.warm(hash, handle.service().account(), handle.location());
            if (entry != null) {
                writeBack.enqueue(handle, hash, entry.familyId(), entry.currentHash());
            }
            pending.remove(target, request);
            request.result.complete(result);
        } catch (Throwable t) {
            pending.remove(target, request);
            request.result.completeExceptionally(t);
        }
    }

    /** While nothing can be written, nothing is sent; a cached access token needs neither. */
    private TokenResult refreshOrCached(CredentialHandle handle, String hash, Predicate<AccessToken> acceptable)
            throws TokenUnavailableException, InterruptedException {
        try {
            return refresh(handle, hash, acceptable);
        } catch (IOException e) {
            TokenUnavailableException unusable = TokenUnavailableException.ledgerUnusable(handle, e);
            TokenFamilyCache.Entry entry =
                    cache.cached(hash, handle.service().account(), handle.location(), clock.instant());
            if (entry == null) {
                throw unusable;
            }
            return result(handle, entry.familyId(), entry.accessToken(), unusable);
        }
    }

    /**
     * How a stored token becomes an access token, in seven steps. The caller then enqueues the write-back of a rotated token
     * and publishes the result.
     *
     * @param hash of the handle's token
     * @param acceptable which cached access token makes a request unnecessary
     */
    private TokenResult refresh(CredentialHandle handle, String hash, Predicate<AccessToken> acceptable)
            throws IOException, InterruptedException, TokenUnavailableException {
        String id = resolver.findFamily(handle, hash);
        while (true) {
            // 1. Lock the family, against the threads of this process and against other processes.
            try (TokenLedger.Lock lock = ledger.lock(id, timeout)) {
                // 2. Load it: another process may have refreshed it since.
                Optional<TokenFamily> found = records.load(id);
                String now =
                        resolver.findFamilyAgain(handle, hash, id, found.orElse(null), records.isWritten(id));
                if (!now.equals(id)) {
                    id = now;
                    continue;
                }
                TokenFamily family = bound(handle, hash, found.orElseGet(() -> created(handle)));
                // 3. Is an access token cached that lasts?
                AccessToken cached = family.accessToken();
                if (cached != null && acceptable.test(cached)) {
                    if (!Optional.of(family).equals(found)) {
                        records.save(family, handle);
                    }
                    return cachedResult(handle, family, cached, null);
                }
                family = family.state() == TokenFamilyStatus.REQUESTING ? stopped(handle, family) : family;
                TokenUnavailableException reason = reasonNotToSend(handle, family);
                if (reason != null) {
                    return cachedOrThrow(handle, family, reason);
                }
                // 4. Save that the token is about to be sent: a crash from here on leaves a record of what was at stake.
                TokenFamily requesting = family.requesting(clock.instant());
                records.saveRequest(requesting, family, handle);
                // 5. Send it, once.
                Instant sent = clock.instant();
                TokenResponse response;
                try {
                    response = sessions.request(
                            handle.service(), id, family.tokens().current());
                } catch (TokenRequestException e) {
                    return failed(handle, family, requesting, e, sent);
                } catch (RuntimeException e) {
                    saveFailure(handle, family, requesting, unexpected(e), sent);
                    throw e;
                }
                // 6. Save the response, forced to disk before any caller has the access token.
                return granted(handle, family, requesting, response, sent);
            } // 7. Unlock.
        }
    }

    /** The family with the location that the token is at, from which a former token leads to it. */
    private TokenFamily bound(CredentialHandle handle, String hash, TokenFamily family)
            throws TokenUnavailableException {
        boolean isCurrent = hashes.ofToken(family.tokens().current()).equals(hash);
        // As of now: renaming its folder waits for the lock, and renames the locations that are bound by then.
        CredentialLocation location = handle.location();
        boolean isBound = family.locations().contains(location)
                || family.locations().contains(location.beforeSaving());
        if (!isCurrent && !isBound) {
            throw TokenUnavailableException.staleCopy(handle);
        }
        return family.boundTo(location);
    }

    private TokenFamily created(CredentialHandle handle) {
        return TokenFamily.created(handle.service().account(), handle.token(), hashes, clock.instant());
    }

    /** No other process has the lock, so the one that wrote this has ended. */
    private TokenFamily stopped(CredentialHandle handle, TokenFamily requesting) throws IOException {
        TokenRequestException cause = new TokenRequestException.OutcomeUnknown(
                "Jenkins stopped while the refresh token was on its way to the server", null);
        TokenFamily stopped = requesting.afterFailure(
                requesting, cause, isResendable(handle, requesting), timeout, hashes, clock.instant());
        records.save(stopped, handle);
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
                // A password may be put right at the server without a change here. It is not sent again at once, since
                // servers count refused logins and lock the account.
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
     * When a token whose response was lost is sent once more: when the lost request can no longer be on its way, and no
     * access token is left that a refusal could cost, neither of this family nor one that was obtained with it for another
     * organization. If the server had not rotated the token, all is well; if it had, the next one is lost whatever happens
     * here (RFC 9700 section 4.14 lets a server revoke the whole family for a token that it sees twice).
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
        return Stream.concat(Stream.of(family), records.derivedFrom(family.id()))
                .map(TokenFamily::accessToken)
                .filter(Objects::nonNull)
                .map(TokenManager::endOfUse)
                .filter(earliest::isBefore)
                .max(Comparator.naturalOrder())
                .orElse(earliest);
    }

    private static Instant endOfUse(AccessToken accessToken) {
        Duration share = accessToken.lifetime().dividedBy(20);
        return accessToken.expiresAt().minus(share.compareTo(LAST_MOMENTS) < 0 ? share : LAST_MOMENTS);
    }

    /** @param before the family when the request was made */
    private TokenResult granted(
            CredentialHandle handle,
            TokenFamily before,
            TokenFamily requesting,
            TokenResponse response,
            Instant sent)
            throws IOException {
        TokenFamily granted = requesting.granted(response, hashes, clock.instant());
        records.saveOrHold(granted, handle);
        records.removeReplaced(granted).forEach(cache::forget);
        listener.granted(handle, before, granted, since(sent));
        if (before.state() == TokenFamilyStatus.UNKNOWN) {
            LOGGER.log(
                    Level.INFO,
                    "{0}: healed. The response of {1} was lost ({2}), but the server had not rotated the refresh token.",
                    new Object[] {handle.description(), before.changed(), before.error()});
        }
        boolean rotated = granted.tokens().generation() > before.tokens().generation();
        return cachedResult(handle, granted, response.accessToken(), null).rotated(rotated);
    }

    private TokenResult failed(
            CredentialHandle handle,
            TokenFamily before,
            TokenFamily requesting,
            TokenRequestException e,
            Instant sent)
            throws IOException, TokenUnavailableException {
        TokenFamily after = saveFailure(handle, before, requesting, e, sent);
        boolean nothingLost = after.state() == TokenFamilyStatus.READY && TokenFamily.isResponseMissing(e);
        Instant retry = after.state() == TokenFamilyStatus.UNKNOWN ? retryAfterUnknown(after) : null;
        return cachedOrThrow(
                handle,
                after,
                nothingLost
                        ? TokenUnavailableException.nothingLost(handle, e)
                        : TokenUnavailableException.exchangeFailed(handle, before, e, retry));
    }

    private TokenFamily saveFailure(
            CredentialHandle handle,
            TokenFamily before,
            TokenFamily requesting,
            TokenRequestException e,
            Instant sent)
            throws IOException {
        TokenFamily after = requesting.afterFailure(
                before, e, isResendable(handle, requesting), timeout, hashes, clock.instant());
        records.saveOrHold(after, handle);
        if (after.state() == TokenFamilyStatus.REJECTED) {
            admin.pruneRefusals();
        }
        listener.failed(handle, after, e, since(sent));
        return after;
    }

    private static TokenRequestException unexpected(RuntimeException e) {
        return new TokenRequestException.OutcomeUnknown(
                "unexpected failure: " + e.getClass().getName(), e);
    }

    /** The server expects a token again that its last response left as it was. */
    private static boolean isResendable(CredentialHandle handle, TokenFamily family) {
        return family.tokens().nonRotating() || !TokenFamilyStore.isDurable(family, handle);
    }

    private Duration since(Instant begin) {
        return Duration.between(begin, clock.instant());
    }

    private TokenResult cachedOrThrow(CredentialHandle handle, TokenFamily family, TokenUnavailableException error)
            throws TokenUnavailableException {
        AccessToken accessToken = family.accessToken();
        if (accessToken == null || !accessToken.isAlive(clock.instant())) {
            cache.put(family, TokenFamilyStore.isDurable(family, handle));
            throw error;
        }
        return cachedResult(handle, family, accessToken, error);
    }

    private TokenResult cachedResult(
            CredentialHandle handle,
            TokenFamily family,
            AccessToken accessToken,
            @CheckForNull TokenUnavailableException error) {
        cache.put(family, TokenFamilyStore.isDurable(family, handle));
        return result(handle, family.id(), accessToken, error);
    }

    private static TokenResult result(
            CredentialHandle handle,
            String familyId,
            AccessToken accessToken,
            @CheckForNull TokenUnavailableException error) {
        TokenEndpointClient client = handle.service();
        return new TokenResult(familyId, client.account(), accessToken, error, client.warning(accessToken), false);
    }

    /**
     * A living access token of a credential. From memory alone: sends nothing.
     *
     * @return null when there is none
     */
    @CheckForNull
    public AccessToken cached(CredentialHandle handle) {
        TokenFamilyCache.Entry entry = cache.cached(
                hashes.ofToken(handle.token()), handle.service().account(), handle.location(), clock.instant());
        return entry == null ? null : entry.accessToken();
    }

    /**
     * Like {@link #request}, with the token that is stored by then. Does not block either: reading a store may wait for a
     * save of it, so that is done on a request's thread.
     */
    public CompletableFuture<TokenResult> renew(CredentialHandle handle, Predicate<AccessToken> acceptable) {
        return asStored(handle).thenCompose(now -> request(now, acceptable));
    }

    private CompletableFuture<CredentialHandle> asStored(CredentialHandle handle) {
        CompletableFuture<CredentialHandle> stored = new CompletableFuture<>();
        queue.run(
                handle,
                () -> {
                    try {
                        stored.complete(handle.asStored());
                    } catch (Throwable t) {
                        stored.completeExceptionally(t);
                    }
                },
                rejection -> stored.completeExceptionally(TokenUnavailableException.shuttingDown(handle, rejection)));
        return stored;
    }

    /** Whether the token that is stored now leads to another family than a result. Sends nothing, does not block. */
    public CompletableFuture<Boolean> isStoredChanged(CredentialHandle handle, TokenResult result) {
        return asStored(handle).thenApply(now -> {
            TokenFamilyCache.Entry entry =
                    cache.warm(hashes.ofToken(now.token()), now.service().account(), now.location());
            if (entry == null) {
                return true;
            }
            String leadsTo = handle.derivation() == null
                    ? entry.familyId()
                    : hashes.ofFamily(result.account(), entry.familyId());
            return !leadsTo.equals(result.familyId());
        });
    }

    /**
     * Revokes a family's session at its server, if it has one, and takes the access token that belongs to it out of use.
     * Does not block; a server that does not answer ends the session by itself some time later.
     *
     * @param unused asked under the family's lock, after its access token is out of use: whether this is still wanted
     */
    public void release(CredentialHandle handle, String familyId, BooleanSupplier unused) {
        if (sessions.exists(familyId)) {
            runInBackground(handle, () -> revokeSession(handle, familyId, unused));
        }
    }

    private void revokeSession(CredentialHandle handle, String familyId, BooleanSupplier unused)
            throws TokenRequestException, IOException, InterruptedException {
        String session = null;
        if (sessions.exists(familyId)) {
            try (TokenLedger.Lock lock = ledger.lock(familyId, timeout)) {
                session = removeSession(familyId, unused);
            }
        }
        if (session != null) {
            handle.service().revokeSession(session);
        }
    }

    @CheckForNull
    private String removeSession(String familyId, BooleanSupplier unused) {
        TokenFamilyCache.Entry known = cache.forget(familyId);
        if (!unused.getAsBoolean()) {
            if (known != null) {
                cache.restore(familyId, known);
            }
            return null;
        }
        records.dropAccessToken(familyId);
        return sessions.remove(familyId);
    }

    /**
     * Forgets what a connection test of a form left that may never be saved: the session at the server, and what memory has,
     * unless the server replaced the secret, or refused it and counts refusals. Does not block.
     *
     * @param unused whether no block uses a family
     */
    public void forgetTrial(CredentialHandle handle, Predicate<String> unused) {
        String id = hashes.ofFamily(handle.service().account(), handle.token());
        runInBackground(handle, () -> {
            revokeSession(handle, id, () -> unused.test(id));
            try (TokenLedger.Lock lock = ledger.lock(id, timeout)) {
                if (records.forgetTrial(id, handle.location())) {
                    cache.forget(id);
                }
            }
        });
    }

    private interface Task {
        void run() throws TokenRequestException, IOException, InterruptedException;
    }

    private void runInBackground(CredentialHandle handle, Task task) {
        queue.run(
                handle,
                () -> {
                    try {
                        task.run();
                    } catch (TokenRequestException | IOException | RuntimeException e) {
                        LOGGER.log(Level.INFO, e, () -> handle.description() + ": its session could not be ended");
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                rejection -> LOGGER.log(Level.FINE, "Shutting down; the server ends the session by itself", rejection));
    }

    /** From now on no request begins, not even a queued one: its response might come when it can no longer be saved. */
    public void shutdown() {
        shutDown = true;
    }

    /** Whether the access token may have been revoked since it was handed out. A false alarm costs a look-up. */
    public boolean isReleased(TokenResult result) {
        return !cache.knows(result.familyId());
    }
}
