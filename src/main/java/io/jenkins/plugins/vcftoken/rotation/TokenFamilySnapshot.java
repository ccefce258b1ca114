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

/**
 * All families at one moment, for pages and monitors. Immutable; reads nothing but records that could not be read
 * before.
 */
public final class TokenFamilySnapshot {

    /** For a controller without a ledger. */
    public static final TokenFamilySnapshot EMPTY = new TokenFamilySnapshot(
            List.of(),
            new TokenLedger.Contents(List.of(), List.of()),
            (token, hash) -> Optional.empty(),
            Set.of(),
            Set.of(),
            text -> text);

    private final TokenLedger.Contents contents;
    private final BiFunction<String, String, Optional<TokenLedger.UnreadableRecord>> unusable;
    private final Set<String> requesting;
    private final Set<CredentialLocation> notWrittenBack;
    private final TokenHash hashes;

    private final Map<String, List<TokenFamily>> byHash = new HashMap<>();

    /**
     * @param families the newest record of each
     * @param contents of the ledger
     * @param unusable {@link TokenLedger#unusable}
     * @param requesting IDs of the families with a running request in this process
     * @param notWrittenBack locations where the last write-back of a rotated token failed
     */
    TokenFamilySnapshot(
            Collection<TokenFamily> families,
            TokenLedger.Contents contents,
            BiFunction<String, String, Optional<TokenLedger.UnreadableRecord>> unusable,
            Set<String> requesting,
            Set<CredentialLocation> notWrittenBack,
            TokenHash hashes) {
        this.contents = contents;
        this.unusable = unusable;
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

    /** The families that are in the ledger. */
    public List<TokenFamily> written() {
        return contents.readable();
    }

    public List<TokenLedger.UnreadableRecord> unreadable() {
        return contents.unreadable();
    }

    /**
     * The family that the token at a location leads to, as for a request of an access token.
     *
     * @return null when the token has not been used yet
     */
    @CheckForNull
    public TokenFamily find(Account account, String token, CredentialLocation location) {
        String stored = token.isBlank() ? "" : token;
        String hash = hashes.ofToken(stored);
        List<TokenFamily> known = byHash.getOrDefault(hash, byHash.getOrDefault(TokenHash.brief(hash), List.of()));
        return TokenFamilyStore.findAmong(known, stored, account, location);
    }

    /**
     * The family that a location used last. Where other controllers rotate its tokens, the token that is stored there may
     * lead to none.
     *
     * @return null when there is none of this account
     */
    @CheckForNull
    public TokenFamily findLastUsed(Account account, CredentialLocation location) {
        return TokenFamilyStore.findLastUsed(written(), account, location);
    }

    /** The record that the token began or belongs to, if that cannot be read; else null. */
    @CheckForNull
    public TokenLedger.UnreadableRecord findUnreadable(Account account, String token) {
        String id = hashes.ofFamily(account, token);
        return contents.unreadable().stream()
                .filter(record -> record.familyId().equals(id))
                .findFirst()
                .or(() -> unusable.apply(token, hashes.ofToken(token)))
                .orElse(null);
    }

    /** Whether a request of the family runs in this process. Another process may run one, too. */
    public boolean isRequesting(TokenFamily family) {
        return requesting.contains(family.id());
    }

    /** Whether the last write-back to a location failed, so that the rotated token is in the ledger alone. */
    public boolean isUnsaved(CredentialLocation location) {
        return notWrittenBack.contains(location);
    }
}
