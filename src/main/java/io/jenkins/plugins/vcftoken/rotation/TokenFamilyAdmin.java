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
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;

/** Operations on token families for pages, listeners and cleanup. Methods block on locks and on the disk. */
public final class TokenFamilyAdmin {

    private static final Logger LOGGER = Logger.getLogger(TokenFamilyAdmin.class.getName());

    /** A deleted credential that is created again within this time continues its family. */
    static final Duration ORPHAN_RETENTION = Duration.ofDays(30);

    private final TokenLedger ledger;
    private final TokenFamilyStore store;
    private final CredentialWriteBack writeBack;
    private final TokenHasher hashes;
    private final InstantSource clock;
    private final Duration timeout;

    TokenFamilyAdmin(
            TokenLedger ledger,
            TokenFamilyStore store,
            CredentialWriteBack writeBack,
            TokenHasher hashes,
            InstantSource clock,
            Duration timeout) {
        this.ledger = ledger;
        this.store = store;
        this.writeBack = writeBack;
        this.hashes = hashes;
        this.clock = clock;
        this.timeout = timeout;
    }

    /** Number of families that are not in the ledger. */
    int countInMemory() {
        return store.notInLedger().size();
    }

    public List<TokenFamily> list() throws IOException {
        return ledger.loadAll();
    }

    /** @param requesting IDs of the families with a running request */
    LedgerSnapshot snapshot(Set<String> requesting) throws IOException {
        TokenLedger.Contents contents = ledger.contents();
        Map<String, TokenFamily> newest = new LinkedHashMap<>();
        Stream.concat(contents.readable().stream(), store.notInLedger().stream())
                .forEach(family -> newest.put(family.id(), family));
        return new LedgerSnapshot(
                newest.values(), contents, ledger::findUnreadable, requesting, writeBack.failed(), hashes);
    }

    /**
     * Number of times a family in this process has entered or left the states UNKNOWN and REJECTED. From memory, so
     * that monitors can skip a snapshot when nothing has changed.
     */
    public long failureStateChanges() {
        return store.failureStateChanges();
    }

    /** Whether two tokens belong or belonged to the same family of an account. */
    public boolean areRelated(Account account, String one, String other) throws IOException {
        if (one.equals(other)) {
            return true;
        }
        List<String> ids = findIds(account, one);
        return findIds(account, other).stream().anyMatch(ids::contains);
    }

    /**
     * The locations of the family that has replaced a token.
     *
     * @return empty when the token is current, is unknown for the account, or belongs to several families
     */
    public Set<CredentialLocation> findLocationsOfFormerToken(Account account, String token) throws IOException {
        List<TokenFamily> families = findFamilies(account, token);
        boolean isFormer =
                families.size() == 1 && !families.get(0).tokens().current().equals(token);
        return isFormer ? families.get(0).locations() : Set.of();
    }

    private List<String> findIds(Account account, String token) throws IOException {
        return findFamilies(account, token).stream().map(TokenFamily::id).toList();
    }

    private List<TokenFamily> findFamilies(Account account, String token) throws IOException {
        return store.find(token).stream()
                .filter(family -> family.account().isSameAs(account))
                .toList();
    }

    /**
     * Allows one more request with the token of a family that is not READY, requested by a user.
     *
     * @return false when there is no such family, or it is READY
     */
    public boolean allowRetry(String familyId) throws IOException, InterruptedException {
        return change(familyId, family -> switch (family.state()) {
            case READY -> family;
            case REQUESTING, UNKNOWN, REJECTED -> family.readyAgain("tried again at a person's word", clock.instant());
        });
    }

    /**
     * Saves the refresh token of a new authorization, forced to disk. The location then uses it whether it stores the
     * former token, a token that an old form restores, or the empty token.
     *
     * @param before the token that the location stores now; may be empty
     * @param accessToken null when the response had none
     * @throws IOException when it is not saved
     */
    public TokenFamily authorized(
            Account account,
            CredentialLocation location,
            String before,
            String refreshToken,
            @CheckForNull AccessToken accessToken)
            throws IOException, InterruptedException {
        TokenFamily old = store.find(before, account, location);
        boolean isBound = old != null && old.locations().contains(location);
        Optional<TokenFamily> replaced = isBound ? loadReadable(old.id()) : Optional.empty();
        RefreshTokenHistory history = replaced.map(TokenFamily::tokens)
                .orElseGet(() ->
                        RefreshTokenHistory.of(before, isBound ? old.tokens().generation() : 0, hashes));
        TokenFamily family =
                TokenFamily.authorized(account, history, refreshToken, accessToken, location, hashes, clock.instant());
        try (TokenLedger.Lock lock = ledger.lock(family.id(), timeout)) {
            ledger.save(family);
            store.put(family);
        }
        if (replaced.isPresent() && !old.id().equals(family.id())) {
            unbind(old.id(), location);
        }
        return family;
    }

    private Optional<TokenFamily> loadReadable(String familyId) {
        try {
            return ledger.load(familyId);
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "The record of a replaced token cannot be read; it is not changed", e);
            return Optional.empty();
        }
    }

    /** Removes a family that has no more locations: its tokens are in the history of the family that replaced it. */
    private void unbind(String familyId, CredentialLocation location) {
        try {
            change(familyId, family -> family.without(location));
            Optional<TokenFamily> remaining = ledger.load(familyId);
            if (remaining.filter(family -> family.locations().isEmpty()).isPresent()) {
                forget(familyId);
            }
        } catch (IOException e) {
            // Look-ups find the newer family first.
            LOGGER.log(Level.WARNING, "The record of a replaced token could not be removed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Binds the families of a renamed or moved folder or user to the new context. */
    public void moved(String fromContext, String toContext) throws IOException, InterruptedException {
        writeBack.moved(fromContext, toContext);
        changeAll(fromContext, family -> family.moved(fromContext, toContext));
    }

    /** Also binds the families of a copied folder to the copy. */
    public void copied(String fromContext, String toContext) throws IOException, InterruptedException {
        changeAll(fromContext, family -> family.copied(fromContext, toContext));
    }

    /** @throws IOException when families could not be changed, after all others were */
    private void changeAll(String context, UnaryOperator<TokenFamily> change) throws IOException, InterruptedException {
        IOException failed = null;
        for (TokenFamily family : ledger.loadAll()) {
            if (family.locations().stream()
                    .anyMatch(location -> location.context().equals(context))) {
                try {
                    change(family.id(), change);
                } catch (IOException e) {
                    // For example, a request holds the family's lock for longer than the timeout.
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
     * Binds the family of a moved credential to the new location. It stays bound to the old one, which open blocks use.
     *
     * @param token any current or former token of the family
     */
    public void follow(Account account, String token, CredentialLocation from, CredentialLocation to)
            throws IOException, InterruptedException {
        for (String familyId : findIds(account, token)) {
            change(familyId, family -> family.locations().contains(from) ? family.boundTo(to) : family);
        }
    }

    /** Finds the currently stored secret of a credential. */
    @FunctionalInterface
    public interface StoredSecretLookup {
        /** @return null if the location has no credential of this account */
        @CheckForNull
        String find(CredentialLocation location, Account account);
    }

    /**
     * Removes families that no stored credential has used for {@link #ORPHAN_RETENTION}.
     */
    public void removeOrphans(StoredSecretLookup stored) throws IOException, InterruptedException {
        pruneRejected();
        Instant now = clock.instant();
        for (TokenFamily family : ledger.loadAll()) {
            Instant orphaned = family.orphaned();
            if (isUsed(family, stored)) {
                if (orphaned != null) {
                    change(family.id(), found -> found.orphaned(null));
                }
            } else if (orphaned == null) {
                change(family.id(), found -> found.orphaned(now));
            } else if (!removalTime(orphaned).isAfter(now)) {
                // A credential may have used the family since the check.
                forgetIf(family.id(), found -> orphaned.equals(found.orphaned()));
            }
        }
    }

    /** Removes rejected secrets that are out of date, and the oldest ones beyond the limit. */
    void pruneRejected() {
        store.prune(clock.instant().minus(TokenManager.REJECTION_RETRY_DELAY));
    }

    private boolean isUsed(TokenFamily family, StoredSecretLookup stored) throws IOException {
        for (CredentialLocation location : family.locations()) {
            String token = stored.find(location, family.account());
            if (token != null && (token.equals(family.tokens().current()) || leadsTo(family, token, location))) {
                return true;
            }
        }
        return false;
    }

    /** Another family may have continued the history of this one. */
    private boolean leadsTo(TokenFamily family, String token, CredentialLocation location) throws IOException {
        TokenFamily found = store.find(token, family.account(), location);
        return found != null && found.id().equals(family.id());
    }

    /** Time at which a family that was orphaned at the given time is removed. */
    public static Instant removalTime(Instant orphaned) {
        return orphaned.plus(ORPHAN_RETENTION);
    }

    /** Deletes a family's record. Credentials keep their tokens; their next use creates a new family. */
    public void forget(String familyId) throws IOException, InterruptedException {
        try (TokenLedger.Lock lock = ledger.lock(familyId, timeout)) {
            forgetLocked(familyId);
        }
    }

    /**
     * Deletes a record unless it has changed since it was displayed.
     *
     * @param seen the displayed record
     * @return false when the token has rotated since: the record may be the only copy of the new token
     */
    public boolean forget(TokenFamily seen) throws IOException, InterruptedException {
        String token = seen.tokens().current();
        return forgetIf(seen.id(), family -> family.tokens().current().equals(token));
    }

    private boolean forgetIf(String familyId, Predicate<TokenFamily> condition)
            throws IOException, InterruptedException {
        try (TokenLedger.Lock lock = ledger.lock(familyId, timeout)) {
            boolean isMet = store.load(familyId).filter(condition).isPresent();
            if (isMet) {
                forgetLocked(familyId);
            }
            return isMet;
        }
    }

    private void forgetLocked(String familyId) throws IOException {
        Optional<TokenFamily> accepted = ledger.load(familyId).filter(TokenFamily::isAccepted);
        if (accepted.isPresent()) {
            Account account = accepted.get().account();
            String last = hashes.ofToken(accepted.get().tokens().current());
            ledger.saveTombstone(new TokenLedger.Tombstone(last, account.host(), account.description()));
        }
        store.delete(familyId);
    }

    /**
     * Saves responses that the ledger could not save when they were received. The next request of a family does so as
     * well; this is for families without another request before Jenkins stops.
     */
    public void saveUnsaved() throws InterruptedException {
        for (String familyId : store.unsaved()) {
            try (TokenLedger.Lock lock = ledger.lock(familyId, timeout)) {
                store.load(familyId);
            } catch (IOException e) {
                LOGGER.log(Level.WARNING, e, () -> "The token record " + familyId + " still cannot be written");
            }
        }
    }

    /** @return whether a family was changed */
    private boolean change(String familyId, UnaryOperator<TokenFamily> change)
            throws IOException, InterruptedException {
        try (TokenLedger.Lock lock = ledger.lock(familyId, timeout)) {
            Optional<TokenFamily> found = store.load(familyId);
            Optional<TokenFamily> changed = found.map(change);
            if (changed.equals(found)) {
                return false;
            }
            store.replace(changed.orElseThrow());
            return true;
        }
    }
}
