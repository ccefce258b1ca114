package io.jenkins.plugins.vcftoken.family;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.ExchangeException;
import io.jenkins.plugins.vcftoken.exchange.Grant;
import io.jenkins.plugins.vcftoken.exchange.Problem;
import io.jenkins.plugins.vcftoken.exchange.TokenService;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
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

/**
 * Exchanges tokens so that none is lost and none is sent twice.
 *
 * <p>One exchange per family is in flight at a time: in this process whoever comes second waits for the first one's
 * answer, across processes the ledger's lock keeps the second one out until it can read what the first one wrote. The
 * exchange runs on a thread of its own, so giving up waiting never interrupts it. The order is fixed: the ledger has
 * the token, then callers get the bearer, then the credentials store gets the token.
 */
public final class Families {

    private static final Logger LOGGER = Logger.getLogger(Families.class.getName());

    /** Longer than servers count failures for, and than they lock an account. */
    static final Duration REFUSAL_HOLDS = Duration.ofMinutes(15);

    /** What a bearer must have left to buy another one with it. */
    private static final Duration PAYMENT = Duration.ofMinutes(1);

    private final Ledger ledger;
    private final Journal journal;
    private final TokenHash hashes;
    private final Executor exchanges;
    private final Executor writeBacks;
    private final InstantSource clock;
    private final Duration patience;
    private final FamilyIndex index;
    private final ConcurrentMap<String, CompletableFuture<Supply>> flights = new ConcurrentHashMap<>();
    /** What each family's server wants to see again when its bearer is renewed. In memory alone, as it is a secret. */
    private final ConcurrentMap<String, String> sessions = new ConcurrentHashMap<>();

    private final Set<Place> pendingWriteBacks = ConcurrentHashMap.newKeySet();

    /**
     * @param exchanges runs exchanges; its threads block on the network
     * @param writeBacks runs writes to credentials stores one after the other, so that the newest token wins
     * @param patience how long a caller, or another process, waits for an exchange in flight
     */
    public Families(
            Ledger ledger,
            TokenHash hashes,
            Executor exchanges,
            Executor writeBacks,
            InstantSource clock,
            Duration patience) {
        this.ledger = ledger;
        this.journal = new Journal(ledger);
        this.hashes = hashes;
        this.exchanges = exchanges;
        this.writeBacks = writeBacks;
        this.clock = clock;
        this.patience = patience;
        this.index = new FamilyIndex(ledger, hashes);
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
                throw new FamilyException(known.getMessage(), known);
            }
            throw new FamilyException(holder.description() + ": unexpected failure: " + e.getCause(), e.getCause());
        } catch (TimeoutException e) {
            throw new FamilyException(
                    holder.description() + ": no bearer after " + patience.toSeconds()
                            + " s; an exchange is still in flight and will be kept. Run again later.",
                    e);
        }
    }

    /**
     * Does not block. Completes exceptionally with a {@link FamilyException} when no living bearer can be had.
     *
     * @param goodEnough which bearer the caller takes without an exchange; must be quick and free of side effects
     */
    public CompletableFuture<Supply> request(Holder holder, Predicate<Bearer> goodEnough) {
        Function<Bearer, TokenService> derivation = holder.derivation();
        if (derivation != null) {
            return request(holder.underived(), this::outlivesAnExchange)
                    .thenCompose(payment -> request(holder.derived(derivation, payment), goodEnough));
        }
        if (holder.token().isBlank() && holder.service().needsSecret()) {
            return CompletableFuture.failedFuture(new FamilyException(
                    holder.description()
                            + (holder.service().rotates()
                                    ? ": it stores no refresh token yet. Authorize the account on the server and "
                                            + "store the refresh token in the credential."
                                    : ": it stores no secret. Enter it in the credential."),
                    null));
        }
        String hash = hashes.of(holder.service().endpoint(), holder.token());
        FamilyIndex.Entry warm = index.warm(hash);
        if (warm != null && warm.places().contains(holder.place()) && isGood(warm.bearer(), goodEnough)) {
            keepIfStale(holder, hash, warm);
            return CompletableFuture.completedFuture(new Supply(
                    warm.familyId(), warm.bearer(), null, holder.service().doubt(warm.bearer())));
        }
        String key = warm != null ? warm.familyId() : hash;
        CompletableFuture<Supply> mine = new CompletableFuture<>();
        CompletableFuture<Supply> running = flights.putIfAbsent(key, mine);
        if (running != null) {
            return running.thenCompose(supply -> supply.trouble() != null || isGood(supply.bearer(), goodEnough)
                    ? CompletableFuture.completedFuture(supply)
                    : request(holder, goodEnough));
        }
        try {
            exchanges.execute(() -> {
                try {
                    Supply supply = supply(holder, hash, goodEnough);
                    flights.remove(key, mine);
                    mine.complete(supply);
                } catch (Throwable t) {
                    flights.remove(key, mine);
                    mine.completeExceptionally(t);
                }
            });
        } catch (RuntimeException e) {
            flights.remove(key, mine);
            mine.completeExceptionally(
                    new FamilyException(holder.description() + ": Jenkins is shutting down. Run again later.", e));
        }
        return mine;
    }

    /**
     * Lets go of a family's session with its server, if it has one, and of the bearer that belongs to it. Does not
     * block; a server that does not answer ends the session by itself some time later.
     *
     * @param unused asked under the family's lock and after its bearer can no longer be had: whether this is still
     *     wanted
     */
    public void release(Holder holder, String familyId, BooleanSupplier unused) {
        if (!sessions.containsKey(familyId)) {
            return;
        }
        try {
            exchanges.execute(() -> {
                try {
                    String session = letGo(familyId, unused);
                    if (session != null) {
                        holder.service().release(session);
                    }
                } catch (ExchangeException | IOException e) {
                    LOGGER.log(Level.INFO, e, () -> holder.description() + ": its session could not be ended");
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
        } catch (RuntimeException e) {
            LOGGER.log(Level.FINE, "Shutting down; the server ends the session by itself", e);
        }
    }

    @CheckForNull
    private String letGo(String familyId, BooleanSupplier unused) throws IOException, InterruptedException {
        try (Ledger.Lock lock = ledger.lock(familyId, patience)) {
            FamilyIndex.Entry known = index.forget(familyId);
            if (!unused.getAsBoolean()) {
                if (known != null) {
                    index.restore(familyId, known);
                }
                return null;
            }
            journal.dropBearer(familyId);
            return sessions.remove(familyId);
        }
    }

    /** Whether the bearer may have been released since it was handed out. False alarms cost nothing. */
    public boolean isReleased(Supply supply) {
        return !index.knows(supply.familyId());
    }

    private boolean outlivesAnExchange(Bearer bearer) {
        Duration half = bearer.lifetime().dividedBy(2);
        return bearer.remaining(clock.instant()).compareTo(PAYMENT.compareTo(half) < 0 ? PAYMENT : half) >= 0;
    }

    private Supply supply(Holder holder, String hash, Predicate<Bearer> goodEnough)
            throws FamilyException, InterruptedException {
        try {
            String id = index.resolve(hash);
            try (Ledger.Lock lock = ledger.lock(id, patience)) {
                return supplyLocked(holder, hash, id, goodEnough);
            }
        } catch (IOException e) {
            throw new FamilyException(
                    holder.description() + ": the record of its tokens cannot be used (" + e.getMessage()
                            + "). Nothing was sent after that. Check the disk of the Jenkins home directory.",
                    e);
        }
    }

    private Supply supplyLocked(Holder holder, String hash, String id, Predicate<Bearer> goodEnough)
            throws IOException, FamilyException {
        FamilyRecord found = load(id, holder);
        if (!found.isCurrent(hash, hashes) && !found.places().contains(holder.place())) {
            throw new FamilyException(
                    holder.description() + ": its refresh token was rotated away while it was stored elsewhere, so "
                            + "this copy of it does not work. Authorize the account anew and store the new refresh "
                            + "token in this credential.",
                    null);
        }
        FamilyRecord record = found.boundTo(holder.place());
        if (isGood(record.bearer(), goodEnough)) {
            if (record != found) {
                journal.save(record, holder);
            }
            return supplied(holder, hash, record, null);
        }
        return switch (record.state()) {
            case OK -> exchange(holder, hash, record);
            case DEAD ->
                isRefusalOver(record, holder)
                        ? exchange(holder, hash, record)
                        : livingOr(holder, hash, record, refused(holder, record));
            case UNKNOWN -> livingOr(holder, hash, record, uncertain(holder, record));
            case IN_FLIGHT -> {
                FamilyRecord stopped = record.uncertain(
                        "Jenkins stopped while the refresh token was on its way to the server", clock.instant());
                journal.save(stopped, holder);
                yield livingOr(holder, hash, stopped, uncertain(holder, stopped));
            }
        };
    }

    private FamilyRecord load(String id, Holder holder) throws IOException {
        return journal.load(id)
                .orElseGet(
                        () -> FamilyRecord.founded(id, holder.service().endpoint(), holder.token(), clock.instant()));
    }

    private Supply exchange(Holder holder, String hash, FamilyRecord record) throws IOException, FamilyException {
        FamilyRecord inFlight = record.inFlight(clock.instant());
        journal.save(inFlight, holder);
        try {
            Grant grant = send(holder, record);
            FamilyRecord granted = inFlight.granted(grant, hashes, clock.instant());
            journal.saveOrHold(granted, holder);
            return supplied(holder, hash, granted, null);
        } catch (ExchangeException e) {
            FamilyRecord after = settled(holder, inFlight, e);
            journal.saveOrHold(after, holder);
            return livingOr(holder, hash, after, failed(holder, e));
        } catch (RuntimeException | Error e) {
            journal.saveOrHold(
                    inFlight.uncertain("unexpected failure: " + e.getClass().getName(), clock.instant()), holder);
            throw e;
        }
    }

    private Grant send(Holder holder, FamilyRecord record) throws ExchangeException {
        String session = sessions.get(record.id());
        Grant grant = session == null
                ? holder.service().exchange(record.current())
                : holder.service().renew(record.current(), session);
        if (grant.session() != null) {
            sessions.put(record.id(), grant.session());
        }
        return grant;
    }

    private FamilyRecord settled(Holder holder, FamilyRecord inFlight, ExchangeException e) {
        Instant now = clock.instant();
        String why = e.getMessage();
        if (e instanceof ExchangeException.Refused refused && refused.isFinal()) {
            return inFlight.dead(why, now);
        }
        if (e instanceof ExchangeException.Unintelligible answer && answer.refreshToken() != null) {
            return inFlight.rescued(answer.refreshToken(), why, hashes, now);
        }
        boolean maybeSpent =
                e instanceof ExchangeException.OutcomeUnknown || e instanceof ExchangeException.Unintelligible;
        return maybeSpent && !inFlight.steady() && Journal.isDurable(inFlight, holder)
                ? inFlight.uncertain(why, now)
                : inFlight.untouched(why, now);
    }

    private Supply livingOr(Holder holder, String hash, FamilyRecord record, FamilyException trouble)
            throws FamilyException {
        if (!isGood(record.bearer(), bearer -> true)) {
            index.put(record);
            throw trouble;
        }
        return supplied(holder, hash, record, trouble);
    }

    private Supply supplied(Holder holder, String hash, FamilyRecord record, @CheckForNull FamilyException trouble) {
        FamilyIndex.Entry entry = index.put(record);
        keepIfStale(holder, hash, entry);
        return new Supply(
                record.id(), record.bearer(), trouble, holder.service().doubt(record.bearer()));
    }

    private boolean isGood(@CheckForNull Bearer bearer, Predicate<Bearer> goodEnough) {
        return bearer != null && bearer.isAlive(clock.instant()) && goodEnough.test(bearer);
    }

    private void keepIfStale(Holder holder, String hash, FamilyIndex.Entry entry) {
        if (entry.currentHash().equals(hash) || !pendingWriteBacks.add(holder.place())) {
            return;
        }
        try {
            writeBacks.execute(() -> {
                pendingWriteBacks.remove(holder.place());
                keep(holder, entry.familyId());
            });
        } catch (RuntimeException e) {
            pendingWriteBacks.remove(holder.place());
            LOGGER.log(Level.FINE, "Shutting down; the ledger has the token and the store gets it next time", e);
        }
    }

    private void keep(Holder holder, String id) {
        try {
            FamilyRecord record = ledger.load(id).orElseThrow(() -> new IOException("the record has gone"));
            holder.keeper().keep(token -> record.knows(hashes.of(record.endpoint(), token), hashes), record.current());
        } catch (IOException | RuntimeException e) {
            LOGGER.log(
                    Level.WARNING,
                    e,
                    () -> holder.description() + ": the rotated refresh token could not be written back to the "
                            + "credentials store; it is safe in the ledger, and builds go on");
        }
    }

    private static FamilyException failed(Holder holder, ExchangeException e) {
        return new FamilyException(
                holder.description() + ": " + e.getMessage() + ". "
                        + e.problem().nextStep(),
                e);
    }

    /**
     * A password or an app's secret may be put right on the server without changing here. But it is not sent again at
     * once, since servers count refused logins, and lock the account.
     */
    private boolean isRefusalOver(FamilyRecord record, Holder holder) {
        return !Journal.isDurable(record, holder)
                && !clock.instant().isBefore(record.changed().plus(REFUSAL_HOLDS));
    }

    private static FamilyException refused(Holder holder, FamilyRecord record) {
        if (!Journal.isDurable(record, holder)) {
            return new FamilyException(
                    holder.description() + ": refused at " + record.changed() + ": " + record.trouble()
                            + ". So that the account is not locked, the same secret is not sent again before "
                            + record.changed().plus(REFUSAL_HOLDS) + ". Correct it in the credential.",
                    null);
        }
        return new FamilyException(
                holder.description() + ": refused earlier, and not sent again: " + record.trouble() + ". "
                        + Problem.SPENT_OR_REVOKED.nextStep(),
                null);
    }

    private static FamilyException uncertain(Holder holder, FamilyRecord record) {
        return new FamilyException(
                holder.description() + ": since " + record.changed() + " it is not known whether the stored refresh "
                        + "token still works: " + record.trouble() + ". " + Problem.OUTCOME_UNKNOWN.nextStep(),
                null);
    }
}
