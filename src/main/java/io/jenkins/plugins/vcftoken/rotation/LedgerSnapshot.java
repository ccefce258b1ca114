package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.Account;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;

/** Snapshot of all families, for pages and monitors. Immutable; reads only records that could not be read before. */
public final class LedgerSnapshot {

    /** Snapshot of a controller without a ledger. */
    public static final LedgerSnapshot EMPTY = new LedgerSnapshot(
            List.of(),
            new TokenLedger.Contents(List.of(), List.of()),
            (token, hash) -> Optional.empty(),
            Set.of(),
            Set.of(),
            text -> text);

    private final TokenLedger.Contents contents;
    private final BiFunction<String, String, Optional<TokenLedger.UnreadableRecord>> unreadableLookup;
    private final Set<String> requesting;
    private final Set<CredentialLocation> notWrittenBack;
    private final TokenHasher hashes;

    private final Map<String, List<TokenFamily>> byHash = new HashMap<>();

    /**
     * @param families the newest record of each family
     * @param contents of the ledger
     * @param unreadableLookup {@link TokenLedger#findUnreadable}
     * @param requesting IDs of the families with a running request in this process
     * @param notWrittenBack locations where the last write-back of a rotated token failed
     */
    LedgerSnapshot(
            Collection<TokenFamily> families,
            TokenLedger.Contents contents,
            BiFunction<String, String, Optional<TokenLedger.UnreadableRecord>> unreadableLookup,
            Set<String> requesting,
            Set<CredentialLocation> notWrittenBack,
            TokenHasher hashes) {
        this.contents = contents;
        this.unreadableLookup = unreadableLookup;
        this.requesting = Set.copyOf(requesting);
        this.notWrittenBack = Set.copyOf(notWrittenBack);
        this.hashes = hashes;
        for (TokenFamily family : families) {
            family.tokens().fullHashes(hashes).forEach(hash -> add(hash, family));
            family.tokens().briefHashes().forEach(hash -> add(hash, family));
        }
    }

    private void add(String hash, TokenFamily family) {
        byHash.computeIfAbsent(hash, same -> new ArrayList<>(1)).add(family);
    }

    /** Families in the ledger. */
    public List<TokenFamily> savedFamilies() {
        return contents.readable();
    }

    public List<TokenLedger.UnreadableRecord> unreadable() {
        return contents.unreadable();
    }

    /**
     * The family that a request with this token at this location would use.
     *
     * @return null when the token has not been used yet
     */
    @CheckForNull
    public TokenFamily find(Account account, String token, CredentialLocation location) {
        String stored = token.isBlank() ? "" : token;
        String hash = hashes.ofToken(stored);
        List<TokenFamily> known = byHash.getOrDefault(hash, byHash.getOrDefault(TokenHasher.brief(hash), List.of()));
        return TokenFamilyStore.findAmong(known, stored, account, location);
    }

    /**
     * The most recently changed family of a location. Where other controllers rotate the token, {@link #find} may not
     * know the stored one.
     *
     * @return null when the location has no family of this account
     */
    @CheckForNull
    public TokenFamily findLastUsed(Account account, CredentialLocation location) {
        return TokenFamilyStore.findLastUsed(savedFamilies(), account, location);
    }

    /** @return the unreadable record that the token belongs to, or null */
    @CheckForNull
    public TokenLedger.UnreadableRecord findUnreadable(Account account, String token) {
        String id = hashes.ofFamily(account, token);
        return contents.unreadable().stream()
                .filter(record -> record.familyId().equals(id))
                .findFirst()
                .or(() -> unreadableLookup.apply(token, hashes.ofToken(token)))
                .orElse(null);
    }

    /** Whether a request of the family is running in this process. */
    public boolean isRequesting(TokenFamily family) {
        return requesting.contains(family.id());
    }

    /** Whether the last write-back to a location failed, so that the rotated token is only in the ledger. */
    public boolean isUnsaved(CredentialLocation location) {
        return notWrittenBack.contains(location);
    }
}
