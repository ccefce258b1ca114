package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import io.jenkins.plugins.vcftoken.oauth.TokenError;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;

/**
 * Access tokens of all families, with at most one exchange per family in flight.
 *
 * <p>In this process a second request for a place waits for the first one's answer, and what another place of the family
 * asks for begins after that; across processes {@link LockedTokenRequest} keeps the second one out until it can read what the first
 * one wrote. An exchange runs on a thread of its own, so giving up waiting never interrupts it. What has to wait for
 * another exchange, of its family or of its server, waits in a queue and not on a thread.
 */
public final class TokenManager {

    private static final Logger LOGGER = Logger.getLogger(TokenManager.class.getName());

    /** Exchanges of one server at a time, so that one that does not answer takes no more threads than these. */
    static final int PER_SERVER = 16;

    /** In place of a server, for what is tried out before it is saved: together these get no more than one server does. */
    private static final String TRIALS = "trials";

    /** What an access token must have left to buy another one with it. */
    private static final Duration PAYMENT = Duration.ofMinutes(1);

    private final TokenHash hashes;
    private final TokenFamilyCache index;
    private final LockedTokenRequest custody;
    private final CredentialWriteBack writeBacks;
    private final TokenFamilyAdmin administration;
    private final Executor exchanges;
    private final InstantSource clock;
    private final Duration patience;
    private final TokenListener listener;
    private final ConcurrencyLimit families = new ConcurrencyLimit(1);
    private final ConcurrencyLimit servers = new ConcurrencyLimit(PER_SERVER);
    private final ConcurrentMap<Target, Flight> flights = new ConcurrentHashMap<>();
    private volatile boolean goingDown;

    /**
     * What is waited for. Not shared between places: a token that was rotated away leads to its family from some of them
     * only, and {@link LockedTokenRequest} is who knows.
     */
    private record Target(String familyId, CredentialLocation location) {}

    /** One request for an access token, queued until it has begun. */
    private static final class Flight {
        final CompletableFuture<TokenResult> result = new CompletableFuture<>();
        volatile boolean begun;
    }

    /**
     * @param exchanges runs exchanges, each at once, as many as there are; its threads block on the network
     * @param writeBackThread runs writes to credentials stores one after the other, so that the newest token wins
     * @param patience how long a caller, or another process, waits for an exchange in flight; twice what a call may
     *     take, so that a request whose answer was lost can no longer be on its way after it
     */
    public TokenManager(
            TokenLedger ledger,
            TokenHash hashes,
            Executor exchanges,
            Executor writeBackThread,
            InstantSource clock,
            Duration patience) {
        this(ledger, hashes, exchanges, writeBackThread, clock, patience, TokenListener.NOBODY);
    }

    public TokenManager(
            TokenLedger ledger,
            TokenHash hashes,
            Executor exchanges,
            Executor writeBackThread,
            InstantSource clock,
            Duration patience,
            TokenListener listener) {
        this(ledger, hashes, exchanges, writeBackThread, clock, patience, () -> true, listener);
    }

    /**
     * @param retriesUnknown whether a refresh token whose answer was lost is sent once more when nothing can be lost by
     *     it; else a person decides
     * @param listener hears what happens to the families, and who gets access tokens of them
     */
    public TokenManager(
            TokenLedger ledger,
            TokenHash hashes,
            Executor exchanges,
            Executor writeBackThread,
            InstantSource clock,
            Duration patience,
            BooleanSupplier retriesUnknown,
            TokenListener listener) {
        this.hashes = hashes;
        this.exchanges = exchanges;
        this.clock = clock;
        this.patience = patience;
        this.listener = listener;
        this.index = new TokenFamilyCache(ledger, hashes);
        this.custody = new LockedTokenRequest(ledger, index, hashes, clock, patience, retriesUnknown, listener);
        this.writeBacks = new CredentialWriteBack(ledger, hashes, writeBackThread);
        this.administration = new TokenFamilyAdmin(ledger, custody, index, writeBacks, hashes, clock, patience);
    }

    public TokenFamilyAdmin administration() {
        return administration;
    }

    public TokenListener listener() {
        return listener;
    }

    /** Everything that is known now. Reads the ledger. */
    public TokenFamilySnapshot survey() throws IOException {
        Set<String> flying = flights.entrySet().stream()
                .filter(flight -> flight.getValue().begun)
                .map(flight -> flight.getKey().familyId())
                .collect(Collectors.toSet());
        return administration.survey(flying, writeBacks.failed());
    }

    /**
     * Waits for an access token. Interrupting the caller ends the waiting, not the exchange.
     *
     * @throws TokenUnavailableException when none can be had, or not in time
     */
    public TokenResult await(CredentialHandle handle, Predicate<AccessToken> goodEnough)
            throws TokenUnavailableException, InterruptedException {
        try {
            return request(handle, goodEnough).get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TokenUnavailableException known) {
                // A new one, so that the stack trace is the caller's and the suppressed list is not shared.
                throw known.again();
            }
            throw TokenUnavailableException.unexpected(handle, e.getCause());
        } catch (TimeoutException e) {
            throw isQueued(handle)
                    ? TokenUnavailableException.notSentInTime(handle, patience.toSeconds(), e)
                    : TokenUnavailableException.tooLong(handle, patience.toSeconds(), e);
        }
    }

    private boolean isQueued(CredentialHandle handle) {
        CredentialLocation location = handle.location();
        List<Flight> here = flights.entrySet().stream()
                .filter(flight -> flight.getKey().location().equals(location))
                .map(Map.Entry::getValue)
                .toList();
        return !here.isEmpty() && here.stream().noneMatch(flight -> flight.begun);
    }

    /**
     * Does not block. Completes exceptionally with a {@link TokenUnavailableException} when no living access token can be had.
     *
     * @param goodEnough which access token the caller takes without an exchange; must be quick and free of side effects
     */
    public CompletableFuture<TokenResult> request(CredentialHandle handle, Predicate<AccessToken> goodEnough) {
        Function<AccessToken, TokenEndpointClient> derivation = handle.derivation();
        if (derivation != null) {
            Instant begin = clock.instant();
            return request(handle.underived(), this::outlivesAnExchange).thenCompose(payment -> {
                CompletableFuture<TokenResult> exchangeForTenant =
                        request(handle.exchangeForTenant(derivation, payment), goodEnough);
                boolean isFresh = !payment.accessToken().issuedAt().isBefore(begin);
                return isFresh
                        ? exchangeForTenant
                        : derivedAnew(handle, derivation, goodEnough, payment, exchangeForTenant);
            });
        }
        TokenUnavailableException missing = secretMissing(handle);
        if (missing != null) {
            return CompletableFuture.failedFuture(missing);
        }
        Predicate<AccessToken> taken =
                accessToken -> accessToken.isAlive(clock.instant()) && goodEnough.test(accessToken);
        String hash = hashes.ofToken(handle.token().isBlank() ? "" : handle.token());
        CredentialLocation location = handle.location();
        TokenFamilyCache.Entry warm = index.warm(hash, handle.service().account(), location);
        if (warm != null) {
            AccessToken accessToken = warm.accessToken();
            if (accessToken != null && warm.locations().contains(location) && taken.test(accessToken)) {
                writeBacks.enqueue(handle, hash, warm.familyId(), warm.currentHash());
                return CompletableFuture.completedFuture(new TokenResult(
                        warm.familyId(),
                        handle.service().account(),
                        accessToken,
                        null,
                        handle.service().warning(accessToken),
                        false));
            }
        }
        String id = warm != null
                ? warm.familyId()
                : hashes.ofFamily(handle.service().account(), handle.token());
        Target target = new Target(id, location);
        Flight mine = new Flight();
        Flight running = flights.putIfAbsent(target, mine);
        if (running != null) {
            return running.result.thenCompose(result -> result.error() != null || taken.test(result.accessToken())
                    ? CompletableFuture.completedFuture(result)
                    : request(handle, goodEnough));
        }
        families.acquire(id, () -> {
            onThreadOfServer(
                    handle,
                    () -> {
                        refreshAsync(target, mine, handle, hash, taken);
                        families.release(id);
                    },
                    rejection -> {
                        flights.remove(target, mine);
                        mine.result.completeExceptionally(TokenUnavailableException.shuttingDown(handle, rejection));
                        families.release(id);
                    });
            return true;
        });
        return mine.result;
    }

    /**
     * Runs what may block on a holder's server, now or when others that do have ended.
     *
     * @param work must not throw
     * @param rejected called instead when there are no threads any more
     */
    private void onThreadOfServer(
            CredentialHandle handle, Runnable work, Consumer<RejectedExecutionException> rejected) {
        String server = handle.location().isUnsaved()
                ? TRIALS
                : handle.service().account().host();
        servers.acquire(server, () -> {
            try {
                exchanges.execute(() -> {
                    try {
                        work.run();
                    } finally {
                        servers.release(server);
                    }
                });
                return true;
            } catch (RejectedExecutionException e) {
                rejected.accept(e);
                return false;
            }
        });
    }

    /**
     * A cached access token of the provider may have been ended by the server long before its time. Where it turns out
     * so, gets another one, once, and derives again.
     *
     * @param exchangeForTenant what came of the cached one
     */
    private CompletableFuture<TokenResult> derivedAnew(
            CredentialHandle handle,
            Function<AccessToken, TokenEndpointClient> derivation,
            Predicate<AccessToken> goodEnough,
            TokenResult cached,
            CompletableFuture<TokenResult> exchangeForTenant) {
        return exchangeForTenant.handle(TokenManager::isProviderRefused).thenCompose(refused -> {
            if (!refused) {
                return exchangeForTenant;
            }
            Predicate<AccessToken> another = accessToken -> outlivesAnExchange(accessToken)
                    && !accessToken.value().equals(cached.accessToken().value());
            return request(handle.underived(), another)
                    .handle((payment, failure) -> payment == null || payment.error() != null
                            ? exchangeForTenant
                            : request(handle.exchangeForTenant(derivation, payment), goodEnough))
                    .thenCompose(Function.identity());
        });
    }

    private static boolean isProviderRefused(@CheckForNull TokenResult result, @CheckForNull Throwable failure) {
        Throwable why = failure instanceof CompletionException ? failure.getCause() : failure;
        return (result != null ? result.error() : why) instanceof TokenUnavailableException known
                && known.isFor(TokenError.PROVIDER_TOKEN_REFUSED);
    }

    /**
     * A living access token that would be handed out without an exchange. From memory alone: sends nothing.
     *
     * @return null when there is none
     */
    @CheckForNull
    public AccessToken cached(CredentialHandle handle) {
        TokenFamilyCache.Entry entry = index.cached(
                hashes.ofToken(handle.token()), handle.service().account(), handle.location(), clock.instant());
        return entry == null ? null : entry.accessToken();
    }

    /** An empty credential works where its account was authorized. */
    @CheckForNull
    private TokenUnavailableException secretMissing(CredentialHandle handle) {
        if (!handle.token().isBlank() || !handle.service().needsSecret()) {
            return null;
        }
        try {
            String nothing = hashes.ofToken("");
            TokenFamilyCache.Entry authorized = TokenFamilyCache.among(
                    index.find(nothing), nothing, handle.service().account(), handle.location());
            boolean here = authorized != null && authorized.locations().contains(handle.location());
            return here ? null : TokenUnavailableException.noSecret(handle);
        } catch (IOException e) {
            return TokenUnavailableException.ledgerUnusable(handle, e);
        }
    }

    /**
     * Lets go of what was tried out in a form that may never be saved: the session with the server, and what memory
     * has. Does not block.
     *
     * @param unused whether no block uses a family
     */
    public void forgetTrial(CredentialHandle handle, Predicate<String> unused) {
        String id = hashes.ofFamily(handle.service().account(), handle.token());
        later(handle, () -> {
            revokeSession(handle, id, () -> unused.test(id));
            custody.forgetTrial(id, handle.location());
        });
    }

    /**
     * Like {@link #request}, with the token that is stored by then. Does not block either: looking into a store may
     * wait for whoever saves it, so that is done where exchanges are.
     */
    public CompletableFuture<TokenResult> renew(CredentialHandle handle, Predicate<AccessToken> goodEnough) {
        return asStored(handle).thenCompose(now -> request(now, goodEnough));
    }

    private CompletableFuture<CredentialHandle> asStored(CredentialHandle handle) {
        CompletableFuture<CredentialHandle> stored = new CompletableFuture<>();
        onThreadOfServer(
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

    /** Whether the token that is stored by now leads elsewhere than to what was supplied. Sends nothing, does not block. */
    public CompletableFuture<Boolean> isStoredChanged(CredentialHandle handle, TokenResult supplied) {
        return asStored(handle).thenApply(now -> {
            TokenFamilyCache.Entry entry =
                    index.warm(hashes.ofToken(now.token()), now.service().account(), now.location());
            if (entry == null) {
                return true;
            }
            String leadsTo = handle.derivation() == null
                    ? entry.familyId()
                    : hashes.ofFamily(supplied.account(), entry.familyId());
            return !leadsTo.equals(supplied.familyId());
        });
    }

    private boolean outlivesAnExchange(AccessToken accessToken) {
        Duration half = accessToken.lifetime().dividedBy(2);
        return accessToken.remaining(clock.instant()).compareTo(PAYMENT.compareTo(half) < 0 ? PAYMENT : half) >= 0;
    }

    /**
     * Lets go of a family's session with its server, if it has one, and of the access token that belongs to it. Does not
     * block; a server that does not answer ends the session by itself some time later.
     *
     * @param unused asked under the family's lock and after its access token can no longer be had: whether this is still
     *     wanted
     */
    public void release(CredentialHandle handle, String familyId, BooleanSupplier unused) {
        if (!custody.hasSession(familyId)) {
            return;
        }
        later(handle, () -> revokeSession(handle, familyId, unused));
    }

    private void revokeSession(CredentialHandle handle, String familyId, BooleanSupplier unused)
            throws TokenRequestException, IOException, InterruptedException {
        String session = custody.hasSession(familyId) ? custody.revokeSession(familyId, unused) : null;
        if (session != null) {
            handle.service().revokeSession(session);
        }
    }

    private interface Chore {
        void run() throws TokenRequestException, IOException, InterruptedException;
    }

    private void later(CredentialHandle handle, Chore chore) {
        onThreadOfServer(
                handle,
                () -> {
                    try {
                        chore.run();
                    } catch (TokenRequestException | IOException | RuntimeException e) {
                        LOGGER.log(Level.INFO, e, () -> handle.description() + ": its session could not be ended");
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                rejection -> LOGGER.log(Level.FINE, "Shutting down; the server ends the session by itself", rejection));
    }

    /**
     * From now on no exchange begins, not even one that is queued: its answer might come when nothing is left to write it
     * down.
     */
    public void shutdown() {
        goingDown = true;
    }

    /** Whether the access token may have been released since it was handed out. False alarms cost nothing. */
    public boolean isReleased(TokenResult result) {
        return !index.knows(result.familyId());
    }

    private void refreshAsync(
            Target target, Flight flight, CredentialHandle handle, String hash, Predicate<AccessToken> taken) {
        try {
            if (goingDown) {
                throw TokenUnavailableException.shuttingDown(handle, null);
            }
            flight.begun = true;
            TokenResult result = custody.result(handle, hash, taken);
            TokenFamilyCache.Entry entry = index.warm(hash, handle.service().account(), handle.location());
            if (entry != null) {
                writeBacks.enqueue(handle, hash, entry.familyId(), entry.currentHash());
            }
            flights.remove(target, flight);
            flight.result.complete(result);
        } catch (Throwable t) {
            flights.remove(target, flight);
            flight.result.completeExceptionally(t);
        }
    }
}
