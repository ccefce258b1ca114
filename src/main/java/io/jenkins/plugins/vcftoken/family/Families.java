package io.jenkins.plugins.vcftoken.family;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.ExchangeException;
import io.jenkins.plugins.vcftoken.exchange.Problem;
import io.jenkins.plugins.vcftoken.exchange.TokenService;
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
 * Bearers of all families, with at most one exchange per family in flight.
 *
 * <p>In this process a second request for a place waits for the first one's answer, and what another place of the family
 * asks for begins after that; across processes {@link Custody} keeps the second one out until it can read what the first
 * one wrote. An exchange runs on a thread of its own, so giving up waiting never interrupts it. What has to wait for
 * another exchange, of its family or of its server, waits in a queue and not on a thread.
 */
public final class Families {

    private static final Logger LOGGER = Logger.getLogger(Families.class.getName());

    /** Exchanges of one server at a time, so that one that does not answer takes no more threads than these. */
    static final int PER_SERVER = 16;

    /** In place of a server, for what is tried out before it is saved: together these get no more than one server does. */
    private static final String TRIALS = "trials";

    /** What a bearer must have left to buy another one with it. */
    private static final Duration PAYMENT = Duration.ofMinutes(1);

    private final TokenHash hashes;
    private final FamilyIndex index;
    private final Custody custody;
    private final WriteBacks writeBacks;
    private final FamilyAdministration administration;
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
     * only, and {@link Custody} is who knows.
     */
    private record Target(String familyId, Place place) {}

    /** One request for an access token, queued until it has begun. */
    private static final class Flight {
        final CompletableFuture<Supply> supply = new CompletableFuture<>();
        volatile boolean begun;
    }

    /**
     * @param exchanges runs exchanges, each at once, as many as there are; its threads block on the network
     * @param writeBackThread runs writes to credentials stores one after the other, so that the newest token wins
     * @param patience how long a caller, or another process, waits for an exchange in flight; twice what a call may
     *     take, so that a request whose answer was lost can no longer be on its way after it
     */
    public Families(
            Ledger ledger,
            TokenHash hashes,
            Executor exchanges,
            Executor writeBackThread,
            InstantSource clock,
            Duration patience) {
        this(ledger, hashes, exchanges, writeBackThread, clock, patience, TokenListener.NOBODY);
    }

    public Families(
            Ledger ledger,
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
     * @param listener hears what happens to the families, and who gets bearers of them
     */
    public Families(
            Ledger ledger,
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
        this.index = new FamilyIndex(ledger, hashes);
        this.custody = new Custody(ledger, index, hashes, clock, patience, retriesUnknown, listener);
        this.writeBacks = new WriteBacks(ledger, hashes, writeBackThread);
        this.administration = new FamilyAdministration(ledger, custody, index, writeBacks, hashes, clock, patience);
    }

    public FamilyAdministration administration() {
        return administration;
    }

    public TokenListener listener() {
        return listener;
    }

    /** Everything that is known now. Reads the ledger. */
    public Survey survey() throws IOException {
        Set<String> flying = flights.entrySet().stream()
                .filter(flight -> flight.getValue().begun)
                .map(flight -> flight.getKey().familyId())
                .collect(Collectors.toSet());
        return administration.survey(flying, writeBacks.failed());
    }

    /**
     * Waits for a bearer. Interrupting the caller ends the waiting, not the exchange.
     *
     * @throws FamilyException when none can be had, or not in time
     */
    public Supply await(Holder holder, Predicate<Bearer> goodEnough) throws FamilyException, InterruptedException {
        try {
            return request(holder, goodEnough).get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof FamilyException known) {
                // A new one, so that the stack trace is the caller's and the suppressed list is not shared.
                throw known.again();
            }
            throw FamilyException.unexpected(holder, e.getCause());
        } catch (TimeoutException e) {
            throw isQueued(holder)
                    ? FamilyException.notSentInTime(holder, patience.toSeconds(), e)
                    : FamilyException.tooLong(holder, patience.toSeconds(), e);
        }
    }

    private boolean isQueued(Holder holder) {
        Place place = holder.place();
        List<Flight> here = flights.entrySet().stream()
                .filter(flight -> flight.getKey().place().equals(place))
                .map(Map.Entry::getValue)
                .toList();
        return !here.isEmpty() && here.stream().noneMatch(flight -> flight.begun);
    }

    /**
     * Does not block. Completes exceptionally with a {@link FamilyException} when no living bearer can be had.
     *
     * @param goodEnough which bearer the caller takes without an exchange; must be quick and free of side effects
     */
    public CompletableFuture<Supply> request(Holder holder, Predicate<Bearer> goodEnough) {
        Function<Bearer, TokenService> derivation = holder.derivation();
        if (derivation != null) {
            Instant begin = clock.instant();
            return request(holder.underived(), this::outlivesAnExchange).thenCompose(payment -> {
                CompletableFuture<Supply> derived = request(holder.derived(derivation, payment), goodEnough);
                boolean isFresh = !payment.bearer().issuedAt().isBefore(begin);
                return isFresh ? derived : derivedAnew(holder, derivation, goodEnough, payment, derived);
            });
        }
        FamilyException missing = secretMissing(holder);
        if (missing != null) {
            return CompletableFuture.failedFuture(missing);
        }
        Predicate<Bearer> taken = bearer -> bearer.isAlive(clock.instant()) && goodEnough.test(bearer);
        String hash = hashes.ofToken(holder.token().isBlank() ? "" : holder.token());
        Place place = holder.place();
        FamilyIndex.Entry warm = index.warm(hash, holder.service().endpoint(), place);
        if (warm != null) {
            Bearer bearer = warm.bearer();
            if (bearer != null && warm.places().contains(place) && taken.test(bearer)) {
                writeBacks.bring(holder, hash, warm.familyId(), warm.currentHash());
                return CompletableFuture.completedFuture(new Supply(
                        warm.familyId(),
                        holder.service().endpoint(),
                        bearer,
                        null,
                        holder.service().doubt(bearer),
                        false));
            }
        }
        String id = warm != null
                ? warm.familyId()
                : hashes.ofFamily(holder.service().endpoint(), holder.token());
        Target target = new Target(id, place);
        Flight mine = new Flight();
        Flight running = flights.putIfAbsent(target, mine);
        if (running != null) {
            return running.supply.thenCompose(supply -> supply.trouble() != null || taken.test(supply.bearer())
                    ? CompletableFuture.completedFuture(supply)
                    : request(holder, goodEnough));
        }
        families.acquire(id, () -> {
            onThreadOfServer(
                    holder,
                    () -> {
                        fly(target, mine, holder, hash, taken);
                        families.release(id);
                    },
                    rejection -> {
                        flights.remove(target, mine);
                        mine.supply.completeExceptionally(FamilyException.shuttingDown(holder, rejection));
                        families.release(id);
                    });
            return true;
        });
        return mine.supply;
    }

    /**
     * Runs what may block on a holder's server, now or when others that do have ended.
     *
     * @param work must not throw
     * @param rejected called instead when there are no threads any more
     */
    private void onThreadOfServer(Holder holder, Runnable work, Consumer<RejectedExecutionException> rejected) {
        String server = holder.place().isUnsaved()
                ? TRIALS
                : holder.service().endpoint().host();
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
     * @param derived what came of the cached one
     */
    private CompletableFuture<Supply> derivedAnew(
            Holder holder,
            Function<Bearer, TokenService> derivation,
            Predicate<Bearer> goodEnough,
            Supply cached,
            CompletableFuture<Supply> derived) {
        return derived.handle(Families::isProviderRefused).thenCompose(refused -> {
            if (!refused) {
                return derived;
            }
            Predicate<Bearer> another = bearer -> outlivesAnExchange(bearer)
                    && !bearer.value().equals(cached.bearer().value());
            return request(holder.underived(), another)
                    .handle((payment, failure) -> payment == null || payment.trouble() != null
                            ? derived
                            : request(holder.derived(derivation, payment), goodEnough))
                    .thenCompose(Function.identity());
        });
    }

    private static boolean isProviderRefused(@CheckForNull Supply supply, @CheckForNull Throwable failure) {
        Throwable why = failure instanceof CompletionException ? failure.getCause() : failure;
        return (supply != null ? supply.trouble() : why) instanceof FamilyException known
                && known.isFor(Problem.PROVIDER_TOKEN_REFUSED);
    }

    /**
     * A living bearer that would be handed out without an exchange. From memory alone: sends nothing.
     *
     * @return null when there is none
     */
    @CheckForNull
    public Bearer atHand(Holder holder) {
        FamilyIndex.Entry entry = index.atHand(
                hashes.ofToken(holder.token()), holder.service().endpoint(), holder.place(), clock.instant());
        return entry == null ? null : entry.bearer();
    }

    /** An empty credential works where its account was authorized. */
    @CheckForNull
    private FamilyException secretMissing(Holder holder) {
        if (!holder.token().isBlank() || !holder.service().needsSecret()) {
            return null;
        }
        try {
            String nothing = hashes.ofToken("");
            FamilyIndex.Entry authorized = FamilyIndex.among(
                    index.find(nothing), nothing, holder.service().endpoint(), holder.place());
            boolean here = authorized != null && authorized.places().contains(holder.place());
            return here ? null : FamilyException.noSecret(holder);
        } catch (IOException e) {
            return FamilyException.ledgerUnusable(holder, e);
        }
    }

    /**
     * Lets go of what was tried out in a form that may never be saved: the session with the server, and what memory
     * has. Does not block.
     *
     * @param unused whether no block uses a family
     */
    public void forgetTrial(Holder holder, Predicate<String> unused) {
        String id = hashes.ofFamily(holder.service().endpoint(), holder.token());
        later(holder, () -> {
            letGo(holder, id, () -> unused.test(id));
            custody.forgetTrial(id, holder.place());
        });
    }

    /**
     * Like {@link #request}, with the token that is stored by then. Does not block either: looking into a store may
     * wait for whoever saves it, so that is done where exchanges are.
     */
    public CompletableFuture<Supply> renew(Holder holder, Predicate<Bearer> goodEnough) {
        return asStored(holder).thenCompose(now -> request(now, goodEnough));
    }

    private CompletableFuture<Holder> asStored(Holder holder) {
        CompletableFuture<Holder> stored = new CompletableFuture<>();
        onThreadOfServer(
                holder,
                () -> {
                    try {
                        stored.complete(holder.asStored());
                    } catch (Throwable t) {
                        stored.completeExceptionally(t);
                    }
                },
                rejection -> stored.completeExceptionally(FamilyException.shuttingDown(holder, rejection)));
        return stored;
    }

    /** Whether the token that is stored by now leads elsewhere than to what was supplied. Sends nothing, does not block. */
    public CompletableFuture<Boolean> isStoredChanged(Holder holder, Supply supplied) {
        return asStored(holder).thenApply(now -> {
            FamilyIndex.Entry entry =
                    index.warm(hashes.ofToken(now.token()), now.service().endpoint(), now.place());
            if (entry == null) {
                return true;
            }
            String leadsTo = holder.derivation() == null
                    ? entry.familyId()
                    : hashes.ofFamily(supplied.endpoint(), entry.familyId());
            return !leadsTo.equals(supplied.familyId());
        });
    }

    private boolean outlivesAnExchange(Bearer bearer) {
        Duration half = bearer.lifetime().dividedBy(2);
        return bearer.remaining(clock.instant()).compareTo(PAYMENT.compareTo(half) < 0 ? PAYMENT : half) >= 0;
    }

    /**
     * Lets go of a family's session with its server, if it has one, and of the bearer that belongs to it. Does not
     * block; a server that does not answer ends the session by itself some time later.
     *
     * @param unused asked under the family's lock and after its bearer can no longer be had: whether this is still
     *     wanted
     */
    public void release(Holder holder, String familyId, BooleanSupplier unused) {
        if (!custody.hasSession(familyId)) {
            return;
        }
        later(holder, () -> letGo(holder, familyId, unused));
    }

    private void letGo(Holder holder, String familyId, BooleanSupplier unused)
            throws ExchangeException, IOException, InterruptedException {
        String session = custody.hasSession(familyId) ? custody.letGo(familyId, unused) : null;
        if (session != null) {
            holder.service().release(session);
        }
    }

    private interface Chore {
        void run() throws ExchangeException, IOException, InterruptedException;
    }

    private void later(Holder holder, Chore chore) {
        onThreadOfServer(
                holder,
                () -> {
                    try {
                        chore.run();
                    } catch (ExchangeException | IOException | RuntimeException e) {
                        LOGGER.log(Level.INFO, e, () -> holder.description() + ": its session could not be ended");
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
    public void goDown() {
        goingDown = true;
    }

    /** Whether the bearer may have been released since it was handed out. False alarms cost nothing. */
    public boolean isReleased(Supply supply) {
        return !index.knows(supply.familyId());
    }

    private void fly(Target target, Flight flight, Holder holder, String hash, Predicate<Bearer> taken) {
        try {
            if (goingDown) {
                throw FamilyException.shuttingDown(holder, null);
            }
            flight.begun = true;
            Supply supply = custody.supply(holder, hash, taken);
            FamilyIndex.Entry entry = index.warm(hash, holder.service().endpoint(), holder.place());
            if (entry != null) {
                writeBacks.bring(holder, hash, entry.familyId(), entry.currentHash());
            }
            flights.remove(target, flight);
            flight.supply.complete(supply);
        } catch (Throwable t) {
            flights.remove(target, flight);
            flight.supply.completeExceptionally(t);
        }
    }
}
