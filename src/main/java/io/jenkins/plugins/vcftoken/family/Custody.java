package io.jenkins.plugins.vcftoken.family;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.exchange.ExchangeException;
import io.jenkins.plugins.vcftoken.exchange.Grant;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/**
 * The part that must never lose a token or send one twice: under the family's lock, write down what is about to
 * happen, do it once, and write down what came of it before anybody hears of it.
 */
final class Custody {

    /** Longer than servers count failures for, and than they lock an account. */
    static final Duration REFUSAL_HOLDS = Duration.ofMinutes(15);

    /** Of a session that may have ended at the server: the next request sends the secret. */
    private static final String ENDED = "";

    private final Ledger ledger;
    private final FamilyIndex index;
    private final TokenHash hashes;
    private final InstantSource clock;
    private final Duration patience;
    private final Journal journal;
    private final TokenListener listener;

    /** What each family's server wants to see again when its bearer is renewed. In memory alone, as it is a secret. */
    private final ConcurrentMap<String, String> sessions = new ConcurrentHashMap<>();

    Custody(
            Ledger ledger,
            FamilyIndex index,
            TokenHash hashes,
            InstantSource clock,
            Duration patience,
            TokenListener listener) {
        this.ledger = ledger;
        this.index = index;
        this.hashes = hashes;
        this.clock = clock;
        this.patience = patience;
        this.journal = new Journal(ledger);
        this.listener = listener;
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
            while (true) {
                try (Ledger.Lock lock = ledger.lock(id, patience)) {
                    Optional<FamilyRecord> found = journal.load(id);
                    String now = isAt(found, holder.place()) ? id : familyByNow(holder, hash, id, found);
                    if (now.equals(id)) {
                        return supplyLocked(holder, hash, found.orElseGet(() -> founded(holder)), taken);
                    }
                    id = now;
                }
            }
        } catch (IOException e) {
            return atHand(holder, hash, FamilyException.ledgerUnusable(holder, e));
        }
    }

    /** Nothing may be sent while nothing can be written down, but what memory has needs neither. */
    private Supply atHand(Holder holder, String hash, FamilyException trouble) throws FamilyException {
        FamilyIndex.Entry entry = index.atHand(hash, holder.service().endpoint(), holder.place(), clock.instant());
        if (entry == null) {
            throw trouble;
        }
        return supply(holder, entry.familyId(), entry.bearer(), trouble);
    }

    /**
     * The family that the token belongs to at this endpoint, or the one that it founds there. A token that another
     * endpoint has proven to be its own founds none elsewhere, or changing the address in a credential would send the
     * secret to whoever listens there.
     */
    private String familyOf(Holder holder, String hash) throws IOException, FamilyException {
        Endpoint endpoint = holder.service().endpoint();
        List<FamilyIndex.Entry> known = index.find(hash);
        FamilyIndex.Entry here = FamilyIndex.among(known, hash, endpoint, holder.place());
        if (here != null) {
            return here.familyId();
        }
        if (holder.token().isBlank()) {
            if (holder.service().needsSecret()) {
                throw FamilyException.noSecret(holder);
            }
            // Every family that was authorized anew has been an empty one: that tells nothing of who has none.
            return hashes.ofFamily(endpoint, holder.token());
        }
        for (FamilyIndex.Entry entry : known) {
            if (!entry.currentHash().equals(hash)) {
                throw FamilyException.spentElsewhere(holder);
            }
            if (entry.proven() && !entry.endpoint().host().equals(endpoint.host())) {
                throw FamilyException.foreign(holder, entry.endpoint());
            }
            if (isInDoubt(entry) && entry.endpoint().host().equals(endpoint.host())) {
                throw FamilyException.uncertainElsewhere(holder, entry.endpoint());
            }
        }
        // The newest token may be in there alone; what a credential stores may have been spent since.
        Optional<Unreadable> unusable = ledger.unusable(holder.token(), hash);
        if (unusable.isPresent()) {
            throw FamilyException.recordUnusable(holder, unusable.get());
        }
        return hashes.ofFamily(endpoint, holder.token());
    }

    private static boolean isInDoubt(FamilyIndex.Entry entry) {
        return entry.state() == FamilyState.UNKNOWN || entry.state() == FamilyState.IN_FLIGHT;
    }

    private static boolean isAt(Optional<FamilyRecord> found, Place place) {
        return found.filter(record -> record.places().contains(place)).isPresent();
    }

    /**
     * While the lock was waited for, or without this process knowing, the account may have been authorized anew; then
     * the token leads to another family, and must not found one of its own.
     */
    private String familyByNow(Holder holder, String hash, String id, Optional<FamilyRecord> found)
            throws IOException, FamilyException {
        if (found.isPresent()) {
            index.put(found.get(), journal.isWritten(id));
        } else {
            index.forget(id);
        }
        index.catchUp();
        return familyOf(holder, hash);
    }

    private Supply supplyLocked(Holder holder, String hash, FamilyRecord found, Predicate<Bearer> taken)
            throws IOException, FamilyException {
        boolean isCurrent = hashes.ofToken(found.tokens().current()).equals(hash);
        // As of now: who renames its folder waits for the lock, and takes along what was bound before.
        Place place = holder.place();
        if (!isCurrent && !isBoundTo(found, place)) {
            throw FamilyException.spentElsewhere(holder);
        }
        FamilyRecord record = found.boundTo(place);
        Bearer bearer = record.bearer();
        if (bearer != null && taken.test(bearer)) {
            if (!record.equals(found)) {
                journal.save(record, holder);
            }
            return supplied(holder, record, bearer, null);
        }
        return switch (record.state()) {
            case OK -> exchange(holder, record);
            case DEAD ->
                isRefusalOver(record, holder)
                        ? exchange(holder, record)
                        : livingOr(holder, record, refusedEarlier(holder, record));
            case UNKNOWN -> livingOr(holder, record, FamilyException.uncertain(holder, record));
            case IN_FLIGHT -> {
                // Nobody else holds the lock, so whoever wrote this is gone.
                String why = "Jenkins stopped while the refresh token was on its way to the server";
                FamilyRecord stopped = record.uncertain(why, clock.instant());
                journal.save(stopped, holder);
                listener.failed(holder, stopped, new ExchangeException.OutcomeUnknown(why, null), Duration.ZERO);
                yield livingOr(holder, stopped, FamilyException.uncertain(holder, stopped));
            }
        };
    }

    private static boolean isBoundTo(FamilyRecord record, Place place) {
        return record.places().contains(place) || record.places().contains(place.beforeSaving());
    }

    private FamilyRecord founded(Holder holder) {
        return FamilyRecord.founded(holder.service().endpoint(), holder.token(), hashes, clock.instant());
    }

    private Supply exchange(Holder holder, FamilyRecord record) throws IOException, FamilyException {
        FamilyRecord inFlight = record.inFlight(clock.instant());
        journal.save(inFlight, holder);
        Instant begin = clock.instant();
        Grant grant;
        try {
            grant = send(holder, record);
        } catch (ExchangeException e) {
            FamilyRecord after = settled(holder, inFlight, e);
            journal.saveOrHold(after, holder);
            listener.failed(holder, after, e, since(begin));
            boolean harmless = after.state() == FamilyState.OK && isAnswerMissing(e);
            return livingOr(
                    holder,
                    after,
                    harmless
                            ? FamilyException.nothingLost(holder, e)
                            : FamilyException.exchangeFailed(holder, record, e));
        } catch (RuntimeException e) {
            ExchangeException why = new ExchangeException.OutcomeUnknown(
                    "unexpected failure: " + e.getClass().getName(), e);
            FamilyRecord after = settled(holder, inFlight, why);
            journal.saveOrHold(after, holder);
            listener.failed(holder, after, why, since(begin));
            throw e;
        }
        FamilyRecord granted = inFlight.granted(grant, hashes, clock.instant());
        journal.saveOrHold(granted, holder);
        listener.granted(holder, record, granted, since(begin));
        boolean rotated = granted.tokens().generation() > record.tokens().generation();
        return supplied(holder, granted, grant.bearer(), null).rotated(rotated);
    }

    private Duration since(Instant begin) {
        return Duration.between(begin, clock.instant());
    }

    private Grant send(Holder holder, FamilyRecord record) throws ExchangeException {
        String session = sessions.get(record.id());
        String secret = record.tokens().current();
        Grant grant;
        try {
            grant = session == null || session.equals(ENDED)
                    ? holder.service().exchange(secret)
                    : holder.service().renew(secret, session);
        } catch (ExchangeException e) {
            if (session != null && !(e instanceof ExchangeException.NotSent)) {
                sessions.put(record.id(), ENDED);
            }
            throw e;
        }
        String next = grant.session();
        if (next != null) {
            sessions.put(record.id(), next);
        }
        return grant;
    }

    private FamilyRecord settled(Holder holder, FamilyRecord inFlight, ExchangeException e) {
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
        boolean mayBeSentAgain =
                !isAnswerMissing(e) || inFlight.tokens().steady() || !Journal.isDurable(inFlight, holder);
        return mayBeSentAgain ? inFlight.untouched(why, now) : inFlight.uncertain(why, now);
    }

    /** Whether the server may have done its part without our knowing. */
    private static boolean isAnswerMissing(ExchangeException e) {
        return e instanceof ExchangeException.OutcomeUnknown || e instanceof ExchangeException.Unintelligible;
    }

    private Supply livingOr(Holder holder, FamilyRecord record, FamilyException trouble) throws FamilyException {
        Bearer bearer = record.bearer();
        if (bearer == null || !bearer.isAlive(clock.instant())) {
            index.put(record, Journal.isDurable(record, holder));
            throw trouble;
        }
        return supplied(holder, record, bearer, trouble);
    }

    private Supply supplied(Holder holder, FamilyRecord record, Bearer bearer, @CheckForNull FamilyException trouble) {
        index.put(record, Journal.isDurable(record, holder));
        return supply(holder, record.id(), bearer, trouble);
    }

    private static Supply supply(Holder holder, String familyId, Bearer bearer, @CheckForNull FamilyException trouble) {
        return new Supply(
                familyId,
                holder.service().endpoint(),
                bearer,
                trouble,
                holder.service().doubt(bearer),
                false);
    }

    /**
     * A password or an app's secret may be put right on the server without changing here. But it is not sent again at
     * once, since servers count refused logins, and lock the account.
     */
    private boolean isRefusalOver(FamilyRecord record, Holder holder) {
        return !Journal.isDurable(record, holder) && !clock.instant().isBefore(refusalEnds(record));
    }

    private static Instant refusalEnds(FamilyRecord record) {
        return record.changed().plus(REFUSAL_HOLDS);
    }

    private static FamilyException refusedEarlier(Holder holder, FamilyRecord record) {
        return Journal.isDurable(record, holder)
                ? FamilyException.refusedEarlier(holder, record)
                : FamilyException.refusedForNow(holder, record, refusalEnds(record));
    }

    Journal journal() {
        return journal;
    }

    /**
     * Forgets what was tried out in a form, unless the server replaced the secret, or refused it and counts refusals.
     *
     * @param place of the form
     */
    void forgetTrial(String familyId, Place place) throws IOException, InterruptedException {
        try (Ledger.Lock lock = ledger.lock(familyId, patience)) {
            if (journal.forgetTrial(familyId, place)) {
                index.forget(familyId);
            }
        }
    }

    /** Whether the family has something to let go of at its server. */
    boolean hasSession(String familyId) {
        return sessions.containsKey(familyId);
    }

    /**
     * Takes a family's session, and the bearer that belongs to it, out of use.
     *
     * @param unused asked when the bearer can no longer be had: whether this is still wanted
     * @return the session to let go of at the server, or null
     */
    @CheckForNull
    String letGo(String familyId, BooleanSupplier unused) throws IOException, InterruptedException {
        try (Ledger.Lock lock = ledger.lock(familyId, patience)) {
            return letGoLocked(familyId, unused);
        }
    }

    @CheckForNull
    private String letGoLocked(String familyId, BooleanSupplier unused) {
        FamilyIndex.Entry known = index.forget(familyId);
        if (!unused.getAsBoolean()) {
            if (known != null) {
                index.restore(familyId, known);
            }
            return null;
        }
        journal.dropBearer(familyId);
        String session = sessions.remove(familyId);
        return ENDED.equals(session) ? null : session;
    }
}
