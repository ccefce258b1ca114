package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.logging.Level;
import java.util.logging.Logger;

/** What people and housekeeping do with families, apart from asking for access tokens. Blocks on locks and on the disk. */
public final class TokenFamilyAdmin {

    private static final Logger LOGGER = Logger.getLogger(TokenFamilyAdmin.class.getName());

    /** A credential deleted by mistake and made again within this time finds its family. */
    static final Duration KEPT_AFTER_LAST_CREDENTIAL = Duration.ofDays(30);

    private final TokenLedger ledger;
    private final TokenFamilyStore records;
    private final TokenFamilyCache cache;
    private final CredentialWriteBack writeBack;
    private final TokenHash hashes;
    private final InstantSource clock;
    private final Duration timeout;

    TokenFamilyAdmin(
            TokenLedger ledger,
            TokenFamilyStore records,
            TokenFamilyCache cache,
            CredentialWriteBack writeBack,
            TokenHash hashes,
            InstantSource clock,
            Duration timeout) {
        this.ledger = ledger;
        this.records = records;
        this.cache = cache;
        this.writeBack = writeBack;
        this.hashes = hashes;
        this.clock = clock;
        this.timeout = timeout;
    }

    /** How many families memory has alone. */
    int heldInMemory() {
        return records.held().size();
    }

    public List<TokenFamily> list() throws IOException {
        return ledger.loadAll();
    }

    TokenFamilySnapshot survey(Set<String> flying, Set<CredentialLocation> unsaved) throws IOException {
        TokenLedger.Contents contents = ledger.contents();
        Map<String, TokenFamily> newest = new LinkedHashMap<>();
        contents.readable().forEach(record -> newest.put(record.id(), record));
        records.held().forEach(record -> newest.put(record.id(), record));
        return new TokenFamilySnapshot(
                newest.values(), contents.readable(), contents.unreadable(), ledger::unusable, flying, unsaved, hashes);
    }

    /**
     * A number that grows whenever a family gets into trouble or out of it, as seen by this process. From memory, for
     * those who want to know whether it is worth looking.
     */
    public long alarms() {
        return cache.alarms();
    }

    /** Whether two tokens are or were of one family at an endpoint. */
    public boolean areRelated(Account account, String one, String other) throws IOException {
        return one.equals(other) || idsAt(account, one).stream().anyMatch(idsAt(account, other)::contains);
    }

    /**
     * The credentials of the family that once had a token and has replaced it since.
     *
     * @return empty when the token is a current one, or unknown at the endpoint, or was had by several families
     */
    public Set<CredentialLocation> placesOfSpent(Account account, String token) throws IOException {
        String hash = hashes.ofToken(token);
        List<TokenFamilyCache.Entry> families =
                cache.find(hash).stream().filter(entry -> entry.isAt(account)).toList();
        boolean isSpent = families.size() == 1 && !families.get(0).currentHash().equals(hash);
        return isSpent ? families.get(0).locations() : Set.of();
    }

    private List<String> idsAt(Account account, String token) throws IOException {
        return cache.find(hashes.ofToken(token)).stream()
                .filter(entry -> entry.isAt(account))
                .map(TokenFamilyCache.Entry::familyId)
                .toList();
    }

    /**
     * A person says that the token of a dead or uncertain family is worth one more try.
     *
     * @return false when there is no such family, or it needs no such word
     */
    public boolean vouch(String familyId) throws IOException, InterruptedException {
        return change(familyId, record -> switch (record.state()) {
            case READY -> record;
            case REQUESTING, UNKNOWN, REJECTED -> record.untouched("tried again at a person's word", clock.instant());
        });
    }

    /**
     * Keeps the refresh token that a new authorization of an account brought. From now on whatever stands at the place
     * (the token of before, one that an old form brings back, or nothing) leads to this one.
     *
     * @param before the token that stands at the place now; may be empty
     * @param accessToken null when none came along
     * @return when it would survive a power failure
     * @throws IOException when it is not stored
     */
    public TokenFamily authorized(
            Account account,
            CredentialLocation location,
            String before,
            String refreshToken,
            @CheckForNull AccessToken accessToken)
            throws IOException, InterruptedException {
        String hash = hashes.ofToken(before);
        TokenFamilyCache.Entry old = TokenFamilyCache.among(cache.find(hash), hash, account, location);
        boolean bound = old != null && old.locations().contains(location);
        Optional<TokenFamily> replaced = bound ? readable(old.familyId()) : Optional.empty();
        TokenHistory history = replaced.map(TokenFamily::tokens)
                .orElseGet(() -> TokenHistory.of(before, bound ? old.generation() : 0, hashes));
        TokenFamily record =
                TokenFamily.authorized(account, history, refreshToken, accessToken, location, hashes, clock.instant());
        try (TokenLedger.Lock lock = ledger.lock(record.id(), timeout)) {
            ledger.save(record);
            cache.put(record, true);
        }
        if (replaced.isPresent() && !old.familyId().equals(record.id())) {
            leave(old.familyId(), location);
        }
        return record;
    }

    private Optional<TokenFamily> readable(String familyId) {
        try {
            return ledger.load(familyId);
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "The record of a replaced token cannot be read; it is left alone", e);
            return Optional.empty();
        }
    }

    /** A family without a place is no use to anybody; its tokens live on in the history of what replaced it. */
    private void leave(String familyId, CredentialLocation location) {
        try {
            change(familyId, record -> record.without(location));
            Optional<TokenFamily> left = ledger.load(familyId);
            if (left.filter(record -> record.locations().isEmpty()).isPresent()) {
                forget(familyId);
            }
        } catch (IOException e) {
            // The newer one is found first all the same.
            LOGGER.log(Level.WARNING, "The record of a replaced token could not be removed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A folder or user got another name; what is bound to its store goes along. */
    public void moved(String fromContext, String toContext) throws IOException, InterruptedException {
        writeBack.moved(fromContext, toContext);
        changeAll(fromContext, found -> found.moved(fromContext, toContext));
    }

    /** A folder was copied with its credentials; what is bound to the store of the one is to that of the other, too. */
    public void copied(String fromContext, String toContext) throws IOException, InterruptedException {
        changeAll(fromContext, found -> found.copied(fromContext, toContext));
    }

    /** @throws IOException at the end, when some could not be changed; then all others are */
    private void changeAll(String context, UnaryOperator<TokenFamily> move) throws IOException, InterruptedException {
        IOException failed = null;
        for (TokenFamily record : ledger.loadAll()) {
            if (record.locations().stream()
                    .anyMatch(location -> location.context().equals(context))) {
                try {
                    change(record.id(), move);
                } catch (IOException e) {
                    // Its lock, for example, held by an exchange that takes its time.
                    if (failed == null) {
                        failed = e;
                    } else {
                        failed.addSuppressed(e);
                    }
                }
            }
        }
        if (failed != null) {
            throw failed;
        }
    }

    /**
     * A credential was moved. It stays bound to where it was, too, as blocks that are open know no other place.
     *
     * @param token any that its family has or had
     */
    public void follow(Account account, String token, CredentialLocation from, CredentialLocation to)
            throws IOException, InterruptedException {
        for (String familyId : idsAt(account, token)) {
            change(familyId, found -> found.locations().contains(from) ? found.boundTo(to) : found);
        }
    }

    /** What credentials store now. */
    @FunctionalInterface
    public interface Stored {
        /** @return null where no credential for this endpoint stands */
        @CheckForNull
        String at(CredentialLocation location, Account account);
    }

    /**
     * Removes the records whose credentials have been gone, or have stored another secret, for
     * {@link #KEPT_AFTER_LAST_CREDENTIAL}.
     */
    public void sweep(Stored stored) throws IOException, InterruptedException {
        pruneRefusals();
        Instant now = clock.instant();
        for (TokenFamily record : ledger.loadAll()) {
            Instant orphaned = record.orphaned();
            if (isUsed(record, stored)) {
                if (orphaned != null) {
                    change(record.id(), found -> found.orphaned(null));
                }
            } else if (orphaned == null) {
                change(record.id(), found -> found.orphaned(now));
            } else if (!orphaned.plus(KEPT_AFTER_LAST_CREDENTIAL).isAfter(now)) {
                forgetOrphan(record.id(), orphaned);
            }
        }
    }

    /** Forgets refusals that no longer count, and the oldest of too many. */
    void pruneRefusals() {
        records.prune(clock.instant().minus(TokenManager.REFUSAL_HOLDS)).forEach(cache::forget);
    }

    /** @param since as it was when nobody was found to use it; somebody may have come back in the meantime */
    private void forgetOrphan(String familyId, Instant since) throws IOException, InterruptedException {
        try (TokenLedger.Lock lock = ledger.lock(familyId, timeout)) {
            boolean isStill = records.load(familyId)
                    .filter(record -> since.equals(record.orphaned()))
                    .isPresent();
            if (isStill) {
                forgetLocked(familyId);
            }
        }
    }

    private boolean isUsed(TokenFamily record, Stored stored) throws IOException {
        for (CredentialLocation location : record.locations()) {
            String token = stored.at(location, record.account());
            if (token != null && (token.equals(record.tokens().current()) || leadsTo(record, token, location))) {
                return true;
            }
        }
        return false;
    }

    /** By the rule that builds follow; another record may go on from the tokens of this one. */
    private boolean leadsTo(TokenFamily record, String token, CredentialLocation location) throws IOException {
        String hash = hashes.ofToken(token);
        TokenFamilyCache.Entry found = TokenFamilyCache.among(cache.find(hash), hash, record.account(), location);
        return found != null && found.familyId().equals(record.id());
    }

    /** When the record of a family without a credential is removed. */
    public static Instant endOf(Instant orphaned) {
        return orphaned.plus(KEPT_AFTER_LAST_CREDENTIAL);
    }

    /** Deletes a record. What is stored in credentials stays; a token of it that is used again founds a new family. */
    public void forget(String familyId) throws IOException, InterruptedException {
        try (TokenLedger.Lock lock = ledger.lock(familyId, timeout)) {
            forgetLocked(familyId);
        }
    }

    /**
     * The same for a person who has looked at the record.
     *
     * @return false when the token has rotated since, so that the record alone may have it
     */
    public boolean forget(TokenFamily seen) throws IOException, InterruptedException {
        try (TokenLedger.Lock lock = ledger.lock(seen.id(), timeout)) {
            boolean isStill = records.load(seen.id())
                    .filter(record ->
                            record.tokens().current().equals(seen.tokens().current()))
                    .isPresent();
            if (isStill) {
                forgetLocked(seen.id());
            }
            return isStill;
        }
    }

    private void forgetLocked(String familyId) throws IOException {
        Optional<TokenFamily> proven = ledger.load(familyId).filter(TokenFamily::isProven);
        if (proven.isPresent()) {
            Account account = proven.get().account();
            String last = hashes.ofToken(proven.get().tokens().current());
            ledger.saveForgotten(new FamilyTombstone(last, account.host(), account.description()));
        }
        records.forget(familyId);
        cache.forget(familyId);
    }

    /**
     * Writes down the answers that the disk would not take when they came. Each is written before its family is used
     * again anyhow; this is for those that nobody uses before Jenkins goes down.
     */
    public void saveHeld() throws InterruptedException {
        for (String familyId : records.refused()) {
            try (TokenLedger.Lock lock = ledger.lock(familyId, timeout)) {
                records.load(familyId);
            } catch (IOException e) {
                LOGGER.log(Level.WARNING, e, () -> "The token record " + familyId + " still cannot be written");
            }
        }
    }

    private boolean change(String familyId, UnaryOperator<TokenFamily> move) throws IOException, InterruptedException {
        try (TokenLedger.Lock lock = ledger.lock(familyId, timeout)) {
            return changeLocked(familyId, move);
        }
    }

    private boolean changeLocked(String familyId, UnaryOperator<TokenFamily> move) throws IOException {
        Optional<TokenFamily> found = records.load(familyId);
        Optional<TokenFamily> changed = found.map(move);
        if (changed.equals(found)) {
            return false;
        }
        TokenFamily record = changed.orElseThrow();
        records.replace(record);
        cache.put(record, records.isWritten(familyId));
        return true;
    }
}
