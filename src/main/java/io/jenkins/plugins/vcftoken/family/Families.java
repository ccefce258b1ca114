package io.jenkins.plugins.vcftoken.family;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.ExchangeException;
import io.jenkins.plugins.vcftoken.exchange.Grant;
import io.jenkins.plugins.vcftoken.exchange.Problem;
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

    private final Ledger ledger;
    private final TokenHash hashes;
    private final Executor exchanges;
    private final Executor writeBacks;
    private final InstantSource clock;
    private final Duration patience;
    private final FamilyIndex index;
    private final ConcurrentMap<String, CompletableFuture<Supply>> flights = new ConcurrentHashMap<>();
    /** Answers that the disk would not take. */
    private final ConcurrentMap<String, FamilyRecord> unsaved = new ConcurrentHashMap<>();

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
        if (holder.token().isBlank()) {
            return CompletableFuture.failedFuture(new FamilyException(
                    holder.description() + ": it stores no refresh token yet. Authorize the account on the server and "
                            + "store the refresh token in the credential.",
                    null));
        }
        String hash = hashes.of(holder.service().endpoint(), holder.token());
        FamilyIndex.Entry warm = index.warm(hash);
        if (warm != null && warm.places().contains(holder.place()) && isGood(warm.bearer(), goodEnough)) {
            keepIfStale(holder, hash, warm);
            return CompletableFuture.completedFuture(new Supply(warm.familyId(), warm.bearer(), null));
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
                ledger.save(record);
            }
            return supplied(holder, hash, record, null);
        }
        return switch (record.state()) {
            case OK -> exchange(holder, hash, record);
            case DEAD -> livingOr(holder, hash, record, refused(holder, record));
            case UNKNOWN -> livingOr(holder, hash, record, uncertain(holder, record));
            case IN_FLIGHT -> {
                FamilyRecord stopped = record.uncertain(
                        "Jenkins stopped while the refresh token was on its way to the server", clock.instant());
                ledger.save(stopped);
                yield livingOr(holder, hash, stopped, uncertain(holder, stopped));
            }
        };
    }

    private FamilyRecord load(String id, Holder holder) throws IOException {
        FamilyRecord pending = unsaved.get(id);
        if (pending != null) {
            ledger.save(pending);
            unsaved.remove(id, pending);
            return pending;
        }
        return ledger.load(id)
                .orElseGet(
                        () -> FamilyRecord.founded(id, holder.service().endpoint(), holder.token(), clock.instant()));
    }

    private Supply exchange(Holder holder, String hash, FamilyRecord record) throws IOException, FamilyException {
        FamilyRecord inFlight = record.inFlight(clock.instant());
        ledger.save(inFlight);
        try {
            Grant grant = holder.service().exchange(record.current());
            FamilyRecord granted = inFlight.granted(grant, hashes, clock.instant());
            saveOrHold(granted);
            return supplied(holder, hash, granted, null);
        } catch (ExchangeException e) {
            FamilyRecord after = settled(inFlight, e);
            saveOrHold(after);
            return livingOr(holder, hash, after, failed(holder, e));
        } catch (RuntimeException | Error e) {
            saveOrHold(inFlight.uncertain("unexpected failure: " + e.getClass().getName(), clock.instant()));
            throw e;
        }
    }

    private FamilyRecord settled(FamilyRecord inFlight, ExchangeException e) {
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
        return maybeSpent && !inFlight.steady() ? inFlight.uncertain(why, now) : inFlight.untouched(why, now);
    }

    /** After the server has answered, memory is the last place that has the token if the disk refuses it. */
    private void saveOrHold(FamilyRecord record) throws IOException {
        try {
            ledger.save(record);
        } catch (IOException | RuntimeException e) {
            unsaved.put(record.id(), record);
            LOGGER.log(
                    Level.SEVERE,
                    e,
                    () -> "The token record of " + record.endpoint().description()
                            + " could not be written; it is held in memory and written before its next use");
            throw e;
        }
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
        return new Supply(record.id(), record.bearer(), trouble);
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

    private static FamilyException refused(Holder holder, FamilyRecord record) {
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
