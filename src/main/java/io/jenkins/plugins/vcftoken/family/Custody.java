package io.jenkins.plugins.vcftoken.family;

import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.exchange.ExchangeException;
import io.jenkins.plugins.vcftoken.exchange.Grant;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The part that must never lose a token or send one twice: under the family's lock, write down what is about to
 * happen, do it once, and write down what came of it before anybody hears of it.
 */
final class Custody {

    private static final Logger LOGGER = Logger.getLogger(Custody.class.getName());

    private final Ledger ledger;
    private final FamilyIndex index;
    private final TokenHash hashes;
    private final InstantSource clock;
    private final Duration patience;

    /** Answers that the disk would not take: until it does, memory is the only place that has them. */
    private final ConcurrentMap<String, FamilyRecord> unsaved = new ConcurrentHashMap<>();

    Custody(Ledger ledger, FamilyIndex index, TokenHash hashes, InstantSource clock, Duration patience) {
        this.ledger = ledger;
        this.index = index;
        this.hashes = hashes;
        this.clock = clock;
        this.patience = patience;
    }

    /**
     * Blocks on the family's lock and on the network.
     *
     * @param hash of the holder's token
     * @param taken which bearer does without an exchange
     */
    Supply supply(Holder holder, String hash, Predicate<Bearer> taken) throws FamilyException, InterruptedException {
        try {
            String id = familyOf(holder, hash);
            try (Ledger.Lock lock = ledger.lock(id, patience)) {
                return supplyLocked(holder, hash, id, taken);
            }
        } catch (IOException e) {
            throw FamilyException.ledgerUnusable(holder, e);
        }
    }

    /**
     * The family that the token belongs to at this endpoint, or the one that it founds there. A token that another
     * endpoint has proven to be its own founds none elsewhere, or changing the address in a credential would send the
     * secret to whoever listens there.
     */
    private String familyOf(Holder holder, String hash) throws IOException, FamilyException {
        Endpoint endpoint = holder.service().endpoint();
        List<FamilyIndex.Entry> known = index.find(hash, endpoint);
        for (FamilyIndex.Entry entry : known) {
            if (entry.isAt(endpoint)) {
                return entry.familyId();
            }
        }
        for (FamilyIndex.Entry entry : known) {
            if (!entry.currentHash().equals(hash)) {
                throw FamilyException.spentElsewhere(holder);
            }
            if (entry.proven() && !entry.endpoint().host().equals(endpoint.host())) {
                throw FamilyException.foreign(holder, entry.endpoint());
            }
        }
        return hashes.ofFamily(endpoint, holder.token());
    }

    private Supply supplyLocked(Holder holder, String hash, String id, Predicate<Bearer> taken)
            throws IOException, FamilyException {
        FamilyRecord found = load(id, holder);
        boolean isCurrent = hashes.ofToken(found.tokens().current()).equals(hash);
        if (!isCurrent && !found.places().contains(holder.place())) {
            throw FamilyException.spentElsewhere(holder);
        }
        FamilyRecord record = found.boundTo(holder.place());
        Bearer bearer = record.bearer();
        if (bearer != null && taken.test(bearer)) {
            if (record != found) {
                ledger.save(record);
            }
            index.put(record);
            return new Supply(id, bearer, null);
        }
        return switch (record.state()) {
            case OK -> exchange(holder, record);
            case DEAD -> livingOr(record, FamilyException.refusedEarlier(holder, record));
            case UNKNOWN -> livingOr(record, FamilyException.uncertain(holder, record));
            case IN_FLIGHT -> {
                // Nobody else holds the lock, so whoever wrote this is gone.
                FamilyRecord stopped = record.uncertain(
                        "Jenkins stopped while the refresh token was on its way to the server", clock.instant());
                ledger.save(stopped);
                yield livingOr(stopped, FamilyException.uncertain(holder, stopped));
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
                .orElseGet(() ->
                        FamilyRecord.founded(holder.service().endpoint(), holder.token(), hashes, clock.instant()));
    }

    private Supply exchange(Holder holder, FamilyRecord record) throws IOException, FamilyException {
        FamilyRecord inFlight = record.inFlight(clock.instant());
        ledger.save(inFlight);
        try {
            Grant grant = holder.service().exchange(record.tokens().current());
            FamilyRecord granted = inFlight.granted(grant, hashes, clock.instant());
            saveOrHold(granted);
            index.put(granted);
            return new Supply(granted.id(), grant.bearer(), null);
        } catch (ExchangeException e) {
            FamilyRecord after = settled(inFlight, e);
            saveOrHold(after);
            return livingOr(after, FamilyException.exchangeFailed(holder, record, e));
        } catch (RuntimeException e) {
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
        if (e instanceof ExchangeException.Unintelligible answer) {
            String refreshToken = answer.refreshToken();
            if (refreshToken != null) {
                return inFlight.rescued(refreshToken, why, hashes, now);
            }
        }
        boolean maybeSpent =
                e instanceof ExchangeException.OutcomeUnknown || e instanceof ExchangeException.Unintelligible;
        boolean mayBeSentAgain = !maybeSpent || inFlight.tokens().steady();
        return mayBeSentAgain ? inFlight.untouched(why, now) : inFlight.uncertain(why, now);
    }

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

    private Supply livingOr(FamilyRecord record, FamilyException trouble) throws FamilyException {
        index.put(record);
        Bearer bearer = record.bearer();
        if (bearer == null || !bearer.isAlive(clock.instant())) {
            throw trouble;
        }
        return new Supply(record.id(), bearer, trouble);
    }
}
