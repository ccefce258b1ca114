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
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;

/**
 * The part that must never lose a token or send one twice: under the family's lock, write down what is about to
 * happen, do it once, and write down what came of it before anybody hears of it.
 */
final class Custody {

    private static final Logger LOGGER = Logger.getLogger(Custody.class.getName());

    /** Longer than servers count failures for, and than they lock an account. */
    static final Duration REFUSAL_HOLDS = Duration.ofMinutes(15);

    /**
     * What is left of an access token that is of no use any more: a request made with it may arrive too late. A block
     * must have the next one by then. Of short lifetimes it is a twentieth.
     */
    private static final Duration LAST_MOMENTS = Duration.ofSeconds(15);

    /** Of a session that may have ended at the server: the next request sends the secret. */
    private static final String ENDED = "";

    private final Ledger ledger;
    private final FamilyIndex index;
    private final TokenHash hashes;
    private final InstantSource clock;
    private final Duration patience;
    private final BooleanSupplier retriesUnknown;
    private final Journal journal;
    private final TokenListener listener;

    /** What each family's server wants to see again when its bearer is renewed. In memory alone, as it is a secret. */
    private final ConcurrentMap<String, String> sessions = new ConcurrentHashMap<>();

    /**
     * @param patience after this a request can no longer be on its way, and waiting for a lock ends
     * @param retriesUnknown whether a token whose answer was lost is sent once more when nothing can be lost by it; else
     *     a person decides
     */
    Custody(
            Ledger ledger,
            FamilyIndex index,
            TokenHash hashes,
            InstantSource clock,
            Duration patience,
            BooleanSupplier retriesUnknown,
            TokenListener listener) {
        this.ledger = ledger;
        this.index = index;
        this.hashes = hashes;
        this.clock = clock;
        this.patience = patience;
        this.retriesUnknown = retriesUnknown;
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
     * server has accepted founds none, or changing the address in a credential would send the secret to any server. Nor
     * does one that this server has accepted for another organization, unless it does not rotate: two families would
     * send one token twice.
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
        for (FamilyIndex.Entry entry : index.reread(known)) {
            if (!entry.currentHash().equals(hash)) {
                throw FamilyException.spentElsewhere(holder);
            }
            boolean isThisServer = entry.endpoint().host().equals(endpoint.host());
            if (entry.proven() && !isThisServer) {
                throw FamilyException.foreign(holder, entry.endpoint().description());
            }
            if (isInDoubt(entry) && isThisServer) {
                throw FamilyException.uncertainElsewhere(holder, entry.endpoint());
            }
            if (entry.proven() && isThisServer && !entry.steady()) {
                throw FamilyException.otherOrganization(holder, entry.endpoint());
            }
        }
        Optional<Forgotten> forgotten = ledger.forgotten(hash);
        if (forgotten.isPresent() && !forgotten.get().host().equals(endpoint.host())) {
            throw FamilyException.foreign(holder, forgotten.get().owner());
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
        return next(holder, record);
    }

    /** What a family does for which no access token is good enough. */
    private Supply next(Holder holder, FamilyRecord record) throws IOException, FamilyException {
        return switch (record.state()) {
            case OK -> {
                Instant notBefore = record.notBefore();
                yield notBefore == null || !clock.instant().isBefore(notBefore)
                        ? exchange(holder, record)
                        : livingOr(holder, record, FamilyException.throttled(holder, record, notBefore));
            }
            case DEAD ->
                isRefusalOver(record, holder)
                        ? exchange(holder, record)
                        : livingOr(holder, record, refusedEarlier(holder, record));
            case UNKNOWN -> {
                Instant retry = retry(record);
                yield retry != null && !clock.instant().isBefore(retry)
                        ? exchange(holder, record)
                        : livingOr(holder, record, FamilyException.uncertain(holder, record, retry));
            }
            case IN_FLIGHT -> next(holder, stopped(holder, record));
        };
    }

    /** Nothing else holds the lock, so the process that wrote this is gone. */
    private FamilyRecord stopped(Holder holder, FamilyRecord inFlight) throws IOException {
        ExchangeException why = new ExchangeException.OutcomeUnknown(
                "Jenkins stopped while the refresh token was on its way to the server", null);
        FamilyRecord stopped = afterFailure(holder, inFlight, inFlight, why);
        journal.save(stopped, holder);
        listener.failed(holder, stopped, why, Duration.ZERO);
        return stopped;
    }

    /**
     * When a token whose answer was lost is sent once more: when the lost request can no longer be on its way, and
     * there is no access token left that a refusal could cost. If the server had not rotated the token, all is well; if
     * it had, the next one is lost whatever happens here.
     *
     * @return null when a person decides
     */
    @CheckForNull
    private Instant retry(FamilyRecord record) {
        if (!retriesUnknown.getAsBoolean()) {
            return null;
        }
        Instant notBefore = record.notBefore();
        Instant earliest = notBefore == null ? record.changed().plus(patience) : notBefore;
        return Stream.concat(Stream.of(record), journal.derivedFrom(record.id()))
                .map(FamilyRecord::bearer)
                .filter(Objects::nonNull)
                .map(Custody::endOfUse)
                .filter(earliest::isBefore)
                .max(Comparator.naturalOrder())
                .orElse(earliest);
    }

    private static Instant endOfUse(Bearer bearer) {
        Duration share = bearer.lifetime().dividedBy(20);
        return bearer.expiresAt().minus(share.compareTo(LAST_MOMENTS) < 0 ? share : LAST_MOMENTS);
    }

    private static boolean isBoundTo(FamilyRecord record, Place place) {
        return record.places().contains(place) || record.places().contains(place.beforeSaving());
    }

    private FamilyRecord founded(Holder holder) {
        return FamilyRecord.founded(holder.service().endpoint(), holder.token(), hashes, clock.instant());
    }

    private Supply exchange(Holder holder, FamilyRecord record) throws IOException, FamilyException {
        FamilyRecord inFlight = record.inFlight(clock.instant());
        journal.saveRequest(inFlight, record, holder);
        Instant begin = clock.instant();
        Grant grant;
        try {
            grant = send(holder, record);
        } catch (ExchangeException e) {
            FamilyRecord after = failed(holder, record, inFlight, e, begin);
            boolean nothingLost = after.state() == FamilyState.OK && isAnswerMissing(e);
            return livingOr(
                    holder,
                    after,
                    nothingLost
                            ? FamilyException.nothingLost(holder, e)
                            : FamilyException.exchangeFailed(holder, record, e, retryAfter(after)));
        } catch (RuntimeException e) {
            ExchangeException why = new ExchangeException.OutcomeUnknown(
                    "unexpected failure: " + e.getClass().getName(), e);
            failed(holder, record, inFlight, why, begin);
            throw e;
        }
        FamilyRecord granted = inFlight.granted(grant, hashes, clock.instant());
        journal.saveOrHold(granted, holder);
        journal.removeReplaced(granted).forEach(index::forget);
        listener.granted(holder, record, granted, since(begin));
        if (record.state() == FamilyState.UNKNOWN) {
            LOGGER.log(
                    Level.INFO,
                    "{0}: healed. The response of {1} was lost ({2}), but the server had not rotated the refresh token.",
                    new Object[] {holder.description(), record.changed(), record.trouble()});
        }
        boolean rotated = granted.tokens().generation() > record.tokens().generation();
        return supplied(holder, granted, grant.bearer(), null).rotated(rotated);
    }

    private FamilyRecord failed(
            Holder holder, FamilyRecord before, FamilyRecord inFlight, ExchangeException e, Instant begin)
            throws IOException {
        FamilyRecord after = afterFailure(holder, before, inFlight, e);
        journal.saveOrHold(after, holder);
        if (after.state() == FamilyState.DEAD) {
            pruneRefusals();
        }
        listener.failed(holder, after, e, since(begin));
        return after;
    }

    @CheckForNull
    private Instant retryAfter(FamilyRecord record) {
        return record.state() == FamilyState.UNKNOWN ? retry(record) : null;
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

    /** @param before what the family was when the request was made */
    private FamilyRecord afterFailure(Holder holder, FamilyRecord before, FamilyRecord inFlight, ExchangeException e) {
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
        Instant asked = now.plus(e.retryAfter());
        if (isAnswerMissing(e) && !isResendable(holder, inFlight)) {
            Instant arrived = inFlight.changed().plus(patience);
            return inFlight.uncertain(why, now, asked.isAfter(arrived) ? asked : arrived);
        }
        if (before.state() == FamilyState.UNKNOWN) {
            // Nothing is known now that was not known before.
            boolean sent = !(e instanceof ExchangeException.NotSent);
            Instant pause = now.plus(patience);
            return sent ? before.waitingUntil(asked.isAfter(pause) ? asked : pause) : before;
        }
        return inFlight.untouched(why, now).waitingUntil(asked.isAfter(now) ? asked : null);
    }

    /** Of a token that the last response left as it was, sending it again is what the server expects. */
    private static boolean isResendable(Holder holder, FamilyRecord record) {
        return record.tokens().steady() || !Journal.isDurable(record, holder);
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

    /** Forgets refusals that no longer count, and the oldest of too many. */
    void pruneRefusals() {
        journal.prune(clock.instant().minus(REFUSAL_HOLDS)).forEach(index::forget);
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
