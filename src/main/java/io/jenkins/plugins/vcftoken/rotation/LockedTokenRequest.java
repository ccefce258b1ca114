package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.oauth.TokenResponse;
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
final class LockedTokenRequest {

    private static final Logger LOGGER = Logger.getLogger(LockedTokenRequest.class.getName());

    /** Longer than servers count failures for, and than they lock an account. */
    static final Duration REFUSAL_HOLDS = Duration.ofMinutes(15);

    /**
     * What is left of an access token that is of no use any more: a request made with it may arrive too late. A block
     * must have the next one by then. Of short lifetimes it is a twentieth.
     */
    private static final Duration LAST_MOMENTS = Duration.ofSeconds(15);

    /** Of a session that may have ended at the server: the next request sends the secret. */
    private static final String ENDED = "";

    private final TokenLedger ledger;
    private final TokenFamilyCache index;
    private final TokenHash hashes;
    private final InstantSource clock;
    private final Duration patience;
    private final BooleanSupplier retriesUnknown;
    private final TokenFamilyStore journal;
    private final TokenListener listener;

    /** What each family's server wants to see again when its access token is renewed. In memory alone, as it is a secret. */
    private final ConcurrentMap<String, String> sessions = new ConcurrentHashMap<>();

    /**
     * @param patience after this a request can no longer be on its way, and waiting for a lock ends
     * @param retriesUnknown whether a token whose answer was lost is sent once more when nothing can be lost by it; else
     *     a person decides
     */
    LockedTokenRequest(
            TokenLedger ledger,
            TokenFamilyCache index,
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
        this.journal = new TokenFamilyStore(ledger);
        this.listener = listener;
    }

    /**
     * Blocks on the family's lock and on the network.
     *
     * @param hash of the holder's token
     * @param taken which access token does without an exchange
     */
    TokenResult result(CredentialHandle handle, String hash, Predicate<AccessToken> taken)
            throws TokenUnavailableException, InterruptedException {
        try {
            String id = familyOf(handle, hash);
            while (true) {
                try (TokenLedger.Lock lock = ledger.lock(id, patience)) {
                    Optional<TokenFamily> found = journal.load(id);
                    String now = isAt(found, handle.location()) ? id : familyByNow(handle, hash, id, found);
                    if (now.equals(id)) {
                        return supplyLocked(handle, hash, found.orElseGet(() -> created(handle)), taken);
                    }
                    id = now;
                }
            }
        } catch (IOException e) {
            return cached(handle, hash, TokenUnavailableException.ledgerUnusable(handle, e));
        }
    }

    /** Nothing may be sent while nothing can be written down, but what memory has needs neither. */
    private TokenResult cached(CredentialHandle handle, String hash, TokenUnavailableException error)
            throws TokenUnavailableException {
        TokenFamilyCache.Entry entry =
                index.cached(hash, handle.service().account(), handle.location(), clock.instant());
        if (entry == null) {
            throw error;
        }
        return result(handle, entry.familyId(), entry.accessToken(), error);
    }

    /**
     * The family that the token belongs to at this endpoint, or the one that it founds there. A token that another
     * server has accepted founds none, or changing the address in a credential would send the secret to any server. Nor
     * does one that this server has accepted for another organization, unless it does not rotate: two families would
     * send one token twice.
     */
    private String familyOf(CredentialHandle handle, String hash) throws IOException, TokenUnavailableException {
        Account account = handle.service().account();
        List<TokenFamilyCache.Entry> known = index.find(hash);
        TokenFamilyCache.Entry here = TokenFamilyCache.among(known, hash, account, handle.location());
        if (here != null) {
            return here.familyId();
        }
        if (handle.token().isBlank()) {
            if (handle.service().needsSecret()) {
                throw TokenUnavailableException.noSecret(handle);
            }
            // Every family that was authorized anew has been an empty one: that tells nothing of who has none.
            return hashes.ofFamily(account, handle.token());
        }
        for (TokenFamilyCache.Entry entry : index.reread(known)) {
            if (!entry.currentHash().equals(hash)) {
                throw TokenUnavailableException.staleCopy(handle);
            }
            boolean isThisServer = entry.account().host().equals(account.host());
            if (entry.proven() && !isThisServer) {
                throw TokenUnavailableException.wrongServer(
                        handle, entry.account().description());
            }
            if (isInDoubt(entry) && isThisServer) {
                throw TokenUnavailableException.uncertainElsewhere(handle, entry.account());
            }
            if (entry.proven() && isThisServer && !entry.nonRotating()) {
                throw TokenUnavailableException.otherOrganization(handle, entry.account());
            }
        }
        Optional<FamilyTombstone> forgotten = ledger.forgotten(hash);
        if (forgotten.isPresent() && !forgotten.get().host().equals(account.host())) {
            throw TokenUnavailableException.wrongServer(handle, forgotten.get().owner());
        }
        // The newest token may be in there alone; what a credential stores may have been spent since.
        Optional<UnreadableRecord> unusable = ledger.unusable(handle.token(), hash);
        if (unusable.isPresent()) {
            throw TokenUnavailableException.recordUnusable(handle, unusable.get());
        }
        return hashes.ofFamily(account, handle.token());
    }

    private static boolean isInDoubt(TokenFamilyCache.Entry entry) {
        return entry.state() == TokenFamilyStatus.UNKNOWN || entry.state() == TokenFamilyStatus.REQUESTING;
    }

    private static boolean isAt(Optional<TokenFamily> found, CredentialLocation location) {
        return found.filter(record -> record.locations().contains(location)).isPresent();
    }

    /**
     * While the lock was waited for, or without this process knowing, the account may have been authorized anew; then
     * the token leads to another family, and must not found one of its own.
     */
    private String familyByNow(CredentialHandle handle, String hash, String id, Optional<TokenFamily> found)
            throws IOException, TokenUnavailableException {
        if (found.isPresent()) {
            index.put(found.get(), journal.isWritten(id));
        } else {
            index.forget(id);
        }
        index.catchUp();
        return familyOf(handle, hash);
    }

    private TokenResult supplyLocked(
            CredentialHandle handle, String hash, TokenFamily found, Predicate<AccessToken> taken)
            throws IOException, TokenUnavailableException {
        boolean isCurrent = hashes.ofToken(found.tokens().current()).equals(hash);
        // As of now: who renames its folder waits for the lock, and takes along what was bound before.
        CredentialLocation location = handle.location();
        if (!isCurrent && !isBoundTo(found, location)) {
            throw TokenUnavailableException.staleCopy(handle);
        }
        TokenFamily record = found.boundTo(location);
        AccessToken accessToken = record.accessToken();
        if (accessToken != null && taken.test(accessToken)) {
            if (!record.equals(found)) {
                journal.save(record, handle);
            }
            return supplied(handle, record, accessToken, null);
        }
        return next(handle, record);
    }

    /** What a family does for which no access token is good enough. */
    private TokenResult next(CredentialHandle handle, TokenFamily record)
            throws IOException, TokenUnavailableException {
        return switch (record.state()) {
            case READY -> {
                Instant notBefore = record.notBefore();
                yield notBefore == null || !clock.instant().isBefore(notBefore)
                        ? requestToken(handle, record)
                        : cachedOrThrow(handle, record, TokenUnavailableException.throttled(handle, record, notBefore));
            }
            case REJECTED ->
                isRefusalOver(record, handle)
                        ? requestToken(handle, record)
                        : cachedOrThrow(handle, record, refusedEarlier(handle, record));
            case UNKNOWN -> {
                Instant retry = retry(record);
                yield retry != null && !clock.instant().isBefore(retry)
                        ? requestToken(handle, record)
                        : cachedOrThrow(handle, record, TokenUnavailableException.unknown(handle, record, retry));
            }
            case REQUESTING -> next(handle, stopped(handle, record));
        };
    }

    /** Nothing else holds the lock, so the process that wrote this is gone. */
    private TokenFamily stopped(CredentialHandle handle, TokenFamily requesting) throws IOException {
        TokenRequestException why = new TokenRequestException.OutcomeUnknown(
                "Jenkins stopped while the refresh token was on its way to the server", null);
        TokenFamily stopped = afterFailure(handle, requesting, requesting, why);
        journal.save(stopped, handle);
        listener.failed(handle, stopped, why, Duration.ZERO);
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
    private Instant retry(TokenFamily record) {
        if (!retriesUnknown.getAsBoolean()) {
            return null;
        }
        Instant notBefore = record.notBefore();
        Instant earliest = notBefore == null ? record.changed().plus(patience) : notBefore;
        return Stream.concat(Stream.of(record), journal.derivedFrom(record.id()))
                .map(TokenFamily::accessToken)
                .filter(Objects::nonNull)
                .map(LockedTokenRequest::endOfUse)
                .filter(earliest::isBefore)
                .max(Comparator.naturalOrder())
                .orElse(earliest);
    }

    private static Instant endOfUse(AccessToken accessToken) {
        Duration share = accessToken.lifetime().dividedBy(20);
        return accessToken.expiresAt().minus(share.compareTo(LAST_MOMENTS) < 0 ? share : LAST_MOMENTS);
    }

    private static boolean isBoundTo(TokenFamily record, CredentialLocation location) {
        return record.locations().contains(location) || record.locations().contains(location.beforeSaving());
    }

    private TokenFamily created(CredentialHandle handle) {
        return TokenFamily.created(handle.service().account(), handle.token(), hashes, clock.instant());
    }

    private TokenResult requestToken(CredentialHandle handle, TokenFamily record)
            throws IOException, TokenUnavailableException {
        TokenFamily requesting = record.requesting(clock.instant());
        journal.saveRequest(requesting, record, handle);
        Instant begin = clock.instant();
        TokenResponse response;
        try {
            response = send(handle, record);
        } catch (TokenRequestException e) {
            TokenFamily after = failed(handle, record, requesting, e, begin);
            boolean nothingLost = after.state() == TokenFamilyStatus.READY && isAnswerMissing(e);
            return cachedOrThrow(
                    handle,
                    after,
                    nothingLost
                            ? TokenUnavailableException.nothingLost(handle, e)
                            : TokenUnavailableException.exchangeFailed(handle, record, e, retryAfter(after)));
        } catch (RuntimeException e) {
            TokenRequestException why = new TokenRequestException.OutcomeUnknown(
                    "unexpected failure: " + e.getClass().getName(), e);
            failed(handle, record, requesting, why, begin);
            throw e;
        }
        TokenFamily granted = requesting.granted(response, hashes, clock.instant());
        journal.saveOrHold(granted, handle);
        journal.removeReplaced(granted).forEach(index::forget);
        listener.granted(handle, record, granted, since(begin));
        if (record.state() == TokenFamilyStatus.UNKNOWN) {
            LOGGER.log(
                    Level.INFO,
                    "{0}: healed. The response of {1} was lost ({2}), but the server had not rotated the refresh token.",
                    new Object[] {handle.description(), record.changed(), record.error()});
        }
        boolean rotated = granted.tokens().generation() > record.tokens().generation();
        return supplied(handle, granted, response.accessToken(), null).rotated(rotated);
    }

    private TokenFamily failed(
            CredentialHandle handle, TokenFamily before, TokenFamily requesting, TokenRequestException e, Instant begin)
            throws IOException {
        TokenFamily after = afterFailure(handle, before, requesting, e);
        journal.saveOrHold(after, handle);
        if (after.state() == TokenFamilyStatus.REJECTED) {
            pruneRefusals();
        }
        listener.failed(handle, after, e, since(begin));
        return after;
    }

    @CheckForNull
    private Instant retryAfter(TokenFamily record) {
        return record.state() == TokenFamilyStatus.UNKNOWN ? retry(record) : null;
    }

    private Duration since(Instant begin) {
        return Duration.between(begin, clock.instant());
    }

    private TokenResponse send(CredentialHandle handle, TokenFamily record) throws TokenRequestException {
        String session = sessions.get(record.id());
        String secret = record.tokens().current();
        TokenResponse response;
        try {
            response = session == null || session.equals(ENDED)
                    ? handle.service().requestToken(secret)
                    : handle.service().refreshSession(secret, session);
        } catch (TokenRequestException e) {
            if (session != null && !(e instanceof TokenRequestException.NotSent)) {
                sessions.put(record.id(), ENDED);
            }
            throw e;
        }
        String next = response.session();
        if (next != null) {
            sessions.put(record.id(), next);
        }
        return response;
    }

    /** @param before what the family was when the request was made */
    private TokenFamily afterFailure(
            CredentialHandle handle, TokenFamily before, TokenFamily requesting, TokenRequestException e) {
        Instant now = clock.instant();
        String why = e.getMessage();
        if (e instanceof TokenRequestException.Rejected refused && refused.isFinal()) {
            return requesting.rejected(why, now);
        }
        if (e instanceof TokenRequestException.InvalidResponse answer) {
            String refreshToken = answer.refreshToken();
            if (refreshToken != null) {
                return requesting.rescued(refreshToken, why, hashes, now);
            }
        }
        Instant asked = now.plus(e.retryAfter());
        if (isAnswerMissing(e) && !isResendable(handle, requesting)) {
            Instant arrived = requesting.changed().plus(patience);
            return requesting.unknown(why, now, asked.isAfter(arrived) ? asked : arrived);
        }
        if (before.state() == TokenFamilyStatus.UNKNOWN) {
            // Nothing is known now that was not known before.
            boolean sent = !(e instanceof TokenRequestException.NotSent);
            Instant pause = now.plus(patience);
            return sent ? before.waitingUntil(asked.isAfter(pause) ? asked : pause) : before;
        }
        return requesting.untouched(why, now).waitingUntil(asked.isAfter(now) ? asked : null);
    }

    /** Of a token that the last response left as it was, sending it again is what the server expects. */
    private static boolean isResendable(CredentialHandle handle, TokenFamily record) {
        return record.tokens().nonRotating() || !TokenFamilyStore.isDurable(record, handle);
    }

    /** Whether the server may have done its part without our knowing. */
    private static boolean isAnswerMissing(TokenRequestException e) {
        return e instanceof TokenRequestException.OutcomeUnknown || e instanceof TokenRequestException.InvalidResponse;
    }

    private TokenResult cachedOrThrow(CredentialHandle handle, TokenFamily record, TokenUnavailableException error)
            throws TokenUnavailableException {
        AccessToken accessToken = record.accessToken();
        if (accessToken == null || !accessToken.isAlive(clock.instant())) {
            index.put(record, TokenFamilyStore.isDurable(record, handle));
            throw error;
        }
        return supplied(handle, record, accessToken, error);
    }

    private TokenResult supplied(
            CredentialHandle handle,
            TokenFamily record,
            AccessToken accessToken,
            @CheckForNull TokenUnavailableException error) {
        index.put(record, TokenFamilyStore.isDurable(record, handle));
        return result(handle, record.id(), accessToken, error);
    }

    private static TokenResult result(
            CredentialHandle handle,
            String familyId,
            AccessToken accessToken,
            @CheckForNull TokenUnavailableException error) {
        return new TokenResult(
                familyId,
                handle.service().account(),
                accessToken,
                error,
                handle.service().warning(accessToken),
                false);
    }

    /**
     * A password or an app's secret may be put right on the server without changing here. But it is not sent again at
     * once, since servers count refused logins, and lock the account.
     */
    private boolean isRefusalOver(TokenFamily record, CredentialHandle handle) {
        return !TokenFamilyStore.isDurable(record, handle) && !clock.instant().isBefore(refusalEnds(record));
    }

    private static Instant refusalEnds(TokenFamily record) {
        return record.changed().plus(REFUSAL_HOLDS);
    }

    private static TokenUnavailableException refusedEarlier(CredentialHandle handle, TokenFamily record) {
        return TokenFamilyStore.isDurable(record, handle)
                ? TokenUnavailableException.refusedEarlier(handle, record)
                : TokenUnavailableException.refusedForNow(handle, record, refusalEnds(record));
    }

    TokenFamilyStore journal() {
        return journal;
    }

    /**
     * Forgets what was tried out in a form, unless the server replaced the secret, or refused it and counts refusals.
     *
     * @param location of the form
     */
    void forgetTrial(String familyId, CredentialLocation location) throws IOException, InterruptedException {
        try (TokenLedger.Lock lock = ledger.lock(familyId, patience)) {
            if (journal.forgetTrial(familyId, location)) {
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
     * Takes a family's session, and the access token that belongs to it, out of use.
     *
     * @param unused asked when the access token can no longer be had: whether this is still wanted
     * @return the session to let go of at the server, or null
     */
    @CheckForNull
    String revokeSession(String familyId, BooleanSupplier unused) throws IOException, InterruptedException {
        try (TokenLedger.Lock lock = ledger.lock(familyId, patience)) {
            return letGoLocked(familyId, unused);
        }
    }

    @CheckForNull
    private String letGoLocked(String familyId, BooleanSupplier unused) {
        TokenFamilyCache.Entry known = index.forget(familyId);
        if (!unused.getAsBoolean()) {
            if (known != null) {
                index.restore(familyId, known);
            }
            return null;
        }
        journal.dropAccessToken(familyId);
        String session = sessions.remove(familyId);
        return ENDED.equals(session) ? null : session;
    }
}
