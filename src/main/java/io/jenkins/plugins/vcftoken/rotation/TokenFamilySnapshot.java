package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.Account;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;

/** All families at one moment, for people to look at. */
public final class TokenFamilySnapshot {

    /** For a controller that never asked for an access token. */
    public static final TokenFamilySnapshot EMPTY = new TokenFamilySnapshot(
            List.of(), List.of(), List.of(), (token, hash) -> Optional.empty(), Set.of(), Set.of(), text -> text);

    private final List<TokenFamily> written;
    private final List<UnreadableRecord> unreadable;
    private final BiFunction<String, String, Optional<UnreadableRecord>> unusable;
    private final Set<String> flying;
    private final Set<CredentialLocation> unsaved;
    private final TokenHash hashes;

    private final Map<String, List<TokenFamily>> byHash = new HashMap<>();

    /**
     * @param families the newest that is known of each
     * @param written those that are in the ledger
     * @param unusable {@link TokenLedger#unusable}
     * @param flying families with an exchange in flight in this process
     * @param unsaved places that did not take a rotated token
     */
    TokenFamilySnapshot(
            Collection<TokenFamily> families,
            List<TokenFamily> written,
            List<UnreadableRecord> unreadable,
            BiFunction<String, String, Optional<UnreadableRecord>> unusable,
            Set<String> flying,
            Set<CredentialLocation> unsaved,
            TokenHash hashes) {
        this.written = List.copyOf(written);
        this.unreadable = List.copyOf(unreadable);
        this.unusable = unusable;
        this.flying = Set.copyOf(flying);
        this.unsaved = Set.copyOf(unsaved);
        this.hashes = hashes;
        families.forEach(this::index);
    }

    private void index(TokenFamily family) {
        TokenHistory tokens = family.tokens();
        Set<String> all = tokens.inFull(hashes);
        all.addAll(tokens.inBrief());
        all.forEach(
                hash -> byHash.computeIfAbsent(hash, same -> new ArrayList<>(1)).add(family));
    }

    /** What the ledger has, as it has it. */
    public List<TokenFamily> written() {
        return written;
    }

    public List<UnreadableRecord> unreadable() {
        return unreadable;
    }

    /**
     * The family that a token stored at a place belongs or belonged to; where there are several, the one that is at home
     * there, as for who asks for an access token.
     *
     * @return null when it has founded none yet
     */
    @CheckForNull
    public TokenFamily of(Account account, String token, CredentialLocation location) {
        String hash = hashes.ofToken(token.isBlank() ? "" : token);
        return byHash.getOrDefault(hash, byHash.getOrDefault(TokenHash.brief(hash), List.of())).stream()
                .filter(family -> family.account().isSameAs(account))
                .max(Comparator.comparingLong(
                                (TokenFamily family) -> family.locations().contains(location)
                                        ? family.tokens().generation()
                                        : -1)
                        .thenComparing(family -> family.tokens().current().equals(token)))
                .orElse(null);
    }

    /** Why the record of the family that a token founded, or belongs to, cannot be read; null when there is no such one. */
    @CheckForNull
    public UnreadableRecord unreadableOf(Account account, String token) {
        String id = hashes.ofFamily(account, token);
        return unreadable.stream()
                .filter(record -> record.familyId().equals(id))
                .findFirst()
                .or(() -> unusable.apply(token, hashes.ofToken(token)))
                .orElse(null);
    }

    /** Whether what is marked as in flight is, as far as this process knows. Another may be at it. */
    public boolean isFlying(TokenFamily family) {
        return flying.contains(family.id());
    }

    /** Whether a place did not take the rotated token, so that it is in the ledger alone. */
    public boolean isUnsaved(CredentialLocation location) {
        return unsaved.contains(location);
    }
}
