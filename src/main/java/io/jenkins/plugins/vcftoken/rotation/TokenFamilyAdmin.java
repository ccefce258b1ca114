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

/** Operations of pages, listeners and housekeeping on token families. Methods block on locks and on the disk. */
public final class TokenFamilyAdmin {

    private static final Logger LOGGER = Logger.getLogger(TokenFamilyAdmin.class.getName());

    /** A credential that is deleted by mistake and created again within this time finds its family. */
    static final Duration KEPT_AFTER_LAST_CREDENTIAL = Duration.ofDays(30);

    private final TokenLedger ledger;
    private final TokenFamilyStore store;
    private final CredentialWriteBack writeBack;
    private final TokenHash hashes;
    private final InstantSource clock;
    private final Duration timeout;

    TokenFamilyAdmin(
            TokenLedger ledger,
            TokenFamilyStore store,
            CredentialWriteBack writeBack,
            TokenHash hashes,
            InstantSource clock,
            Duration timeout) {
        this.ledger = ledger;
        this.store = store;
        this.writeBack = writeBack;
        this.hashes = hashes;
        this.clock = clock;
        this.timeout = timeout;
    }

    /** How many families are in memory alone. */
    int countInMemory() {
        return store.notInLedger().size();
    }

    public List<TokenFamily> list() throws IOException {
        return ledger.loadAll();
    }

    /** @param requesting IDs of the families with a running request */
    TokenFamilySnapshot snapshot(Set<String> requesting) throws IOException {
        TokenLedger.Contents contents = ledger.contents();
        Map<String, TokenFamily> newest = new LinkedHashMap<>();
        Stream.concat(contents.readable().stream(), store.notInLedger().stream())
                .forEach(family -> newest.put(family.id(), family));
        return new TokenFamilySnapshot(
                newest.values(), contents, ledger::unusable, requesting, writeBack.failed(), hashes);
    }

    /**
     * A counter that grows whenever a family in this process enters or leaves the states UNKNOWN and REJECTED. From
     * memory, so that monitors can tell cheaply whether a snapshot is worthwhile.
     */
    public long alarms() {
        return store.alarms();
    }

    /** Whether two tokens are or were of one family of an account. */
    public boolean areRelated(Account account, String one, String other) throws IOException {
        if (one.equals(other)) {
            return true;
        }
        List<String> ids = findIds(account, one);
        return findIds(account, other).stream().anyMatch(ids::contains);
    }

    /**
     * The locations of the family that has rotated a token away.
     *
     * @return empty when the token is a current one, is unknown for the account, or belonged to several families
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
     * Allows one more request with the token of a family that is in any other state than READY, at a person's request.
     *
     * @return false when there is no such family, or it is READY
     */
    public boolean allowRetry(String familyId) throws IOException, InterruptedException {
        return change(familyId, family -> switch (family.state()) {
            case READY -> family;
            case REQUESTING, UNKNOWN, REJECTED -> family.untouched("tried again at a person's word", clock.instant());
        });
    }

    /**
     * Saves the refresh token of a new authorization. From now on all that the location stores or gets back leads to
     * it: the token from before, a token that an old form restores, or the empty token.
     *
     * @param before the token that the location stores now; may be empty
     * @param accessToken null when the response had none
     * @return when the record would survive a power failure
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
        TokenHistory history = replaced.map(TokenFamily::tokens)
                .orElseGet(() -> TokenHistory.of(before, isBound ? old.tokens().generation() : 0, hashes));
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

    /** Removes a family without locations: its tokens are in the history of the family that replaced it. */
    private void unbind(String familyId, CredentialLocation location) {
        try {
            change(familyId, family -> family.without(location));
            Optional<TokenFamily> left = ledger.load(familyId);
            if (left.filter(family -> family.locations().isEmpty()).isPresent()) {
                forget(familyId);
            }
        } catch (IOException e) {
            // Look-ups find the newer family first.
            LOGGER.log(Level.WARNING, "The record of a replaced token could not be removed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** After a folder or user was renamed or moved: families bound to its store follow. */
    public void moved(String fromContext, String toContext) throws IOException, InterruptedException {
        writeBack.moved(fromContext, toContext);
        changeAll(fromContext, family -> family.moved(fromContext, toContext));
    }

    /** After a folder was copied with its credentials: families bound to its store are bound to the copy's, too. */
    public void copied(String fromContext, String toContext) throws IOException, InterruptedException {
        changeAll(fromContext, family -> family.copied(fromContext, toContext));
    }

    /** @throws IOException after all others have changed, when some could not be changed */
    private void changeAll(String context, UnaryOperator<TokenFamily> change) throws IOException, InterruptedException {
        IOException failed = null;
        for (TokenFamily family : ledger.loadAll()) {
            if (family.locations().stream()
                    .anyMatch(location -> location.context().equals(context))) {
                try {
                    change(family.id(), change);
                } catch (IOException e) {
                    // For example, a request keeps the family locked for longer than the timeout.
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
     * After a credential was moved. The family stays bound to the old location as well, which open blocks still use.
     *
     * @param token any current or former token of the family
     */
    public void follow(Account account, String token, CredentialLocation from, CredentialLocation to)
            throws IOException, InterruptedException {
        for (String familyId : findIds(account, token)) {
            change(familyId, family -> family.locations().contains(from) ? family.boundTo(to) : family);
        }
    }

    /** Reads the secret that a credential stores now. */
    @FunctionalInterface
    public interface Stored {
        /** @return null where no credential of this account is stored */
        @CheckForNull
        String at(CredentialLocation location, Account account);
    }

    /**
     * Removes the families whose credentials have been deleted, or have stored other secrets, for
     * {@link #KEPT_AFTER_LAST_CREDENTIAL}.
     */
    public void removeOrphans(Stored stored) throws IOException, InterruptedException {
        pruneRefusals();
        Instant now = clock.instant();
        for (TokenFamily family : ledger.loadAll()) {
            Instant orphaned = family.orphaned();
            if (isUsed(family, stored)) {
                if (orphaned != null) {
                    change(family.id(), found -> found.orphaned(null));
                }
            } else if (orphaned == null) {
                change(family.id(), found -> found.orphaned(now));
            } else if (!endOf(orphaned).isAfter(now)) {
                // A credential may have used the family in the meantime.
                forgetIf(family.id(), found -> orphaned.equals(found.orphaned()));
            }
        }
    }

    /** Forgets refusals that are out of date, and the oldest of too many. */
    void pruneRefusals() {
        store.prune(clock.instant().minus(TokenManager.REFUSAL_HOLDS));
    }

    private boolean isUsed(TokenFamily family, Stored stored) throws IOException {
        for (CredentialLocation location : family.locations()) {
            String token = stored.at(location, family.account());
            if (token != null && (token.equals(family.tokens().current()) || leadsTo(family, token, location))) {
                return true;
            }
        }
        return false;
    }

    /** Another family may have continued the history of this one; then its tokens lead there. */
    private boolean leadsTo(TokenFamily family, String token, CredentialLocation location) throws IOException {
        TokenFamily found = store.find(token, family.account(), location);
        return found != null && found.id().equals(family.id());
    }

    /** When the family of a credential that was deleted then is removed. */
    public static Instant endOf(Instant orphaned) {
        return orphaned.plus(KEPT_AFTER_LAST_CREDENTIAL);
    }

    /** Deletes a family's record. Credentials keep their tokens, and their next use begins a new family. */
    public void forget(String familyId) throws IOException, InterruptedException {
        try (TokenLedger.Lock lock = ledger.lock(familyId, timeout)) {
            forgetLocked(familyId);
        }
    }

    /**
     * Deletes the record that a person has seen.
     *
     * @return false when the token has rotated since, so that the record may be the only one that has the new token
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
        Optional<TokenFamily> proven = ledger.load(familyId).filter(TokenFamily::isProven);
        if (proven.isPresent()) {
            Account account = proven.get().account();
            String last = hashes.ofToken(proven.get().tokens().current());
            ledger.saveTombstone(new TokenLedger.Tombstone(last, account.host(), account.description()));
        }
        store.delete(familyId);
    }

    /**
     * Saves the responses that the ledger could not save when they arrived. The next request of a family does so as
     * well; this is for families without one before Jenkins stops.
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

    /** @return whether there is such a family, and it has changed */
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
