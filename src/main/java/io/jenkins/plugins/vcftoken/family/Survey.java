package io.jenkins.plugins.vcftoken.family;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
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
public final class Survey {

    /** For a controller that never asked for a bearer. */
    public static final Survey EMPTY = new Survey(
            List.of(), List.of(), List.of(), (token, hash) -> Optional.empty(), Set.of(), Set.of(), text -> text);

    private final List<FamilyRecord> written;
    private final List<Unreadable> unreadable;
    private final BiFunction<String, String, Optional<Unreadable>> unusable;
    private final Set<String> flying;
    private final Set<Place> unsaved;
    private final TokenHash hashes;

    private final Map<String, List<FamilyRecord>> byHash = new HashMap<>();

    /**
     * @param families the newest that is known of each
     * @param written those that are in the ledger
     * @param unusable {@link Ledger#unusable}
     * @param flying families with an exchange in flight in this process
     * @param unsaved places that did not take a rotated token
     */
    Survey(
            Collection<FamilyRecord> families,
            List<FamilyRecord> written,
            List<Unreadable> unreadable,
            BiFunction<String, String, Optional<Unreadable>> unusable,
            Set<String> flying,
            Set<Place> unsaved,
            TokenHash hashes) {
        this.written = List.copyOf(written);
        this.unreadable = List.copyOf(unreadable);
        this.unusable = unusable;
        this.flying = Set.copyOf(flying);
        this.unsaved = Set.copyOf(unsaved);
        this.hashes = hashes;
        families.forEach(this::index);
    }

    private void index(FamilyRecord family) {
        Lineage tokens = family.tokens();
        Set<String> all = tokens.inFull(hashes);
        all.addAll(tokens.inBrief());
        all.forEach(
                hash -> byHash.computeIfAbsent(hash, same -> new ArrayList<>(1)).add(family));
    }

    /** What the ledger has, as it has it. */
    public List<FamilyRecord> written() {
        return written;
    }

    public List<Unreadable> unreadable() {
        return unreadable;
    }

    /**
     * The family that a token stored at a place belongs or belonged to; where there are several, the one that is at home
     * there, as for who asks for a bearer.
     *
     * @return null when it has founded none yet
     */
    @CheckForNull
    public FamilyRecord of(Endpoint endpoint, String token, Place place) {
        String hash = hashes.ofToken(token.isBlank() ? "" : token);
        return byHash.getOrDefault(hash, byHash.getOrDefault(TokenHash.brief(hash), List.of())).stream()
                .filter(family -> family.endpoint().isSameAs(endpoint))
                .max(Comparator.comparingLong(
                                (FamilyRecord family) -> family.places().contains(place)
                                        ? family.tokens().generation()
                                        : -1)
                        .thenComparing(family -> family.tokens().current().equals(token)))
                .orElse(null);
    }

    /** Why the record of the family that a token founded, or belongs to, cannot be read; null when there is no such one. */
    @CheckForNull
    public Unreadable unreadableOf(Endpoint endpoint, String token) {
        String id = hashes.ofFamily(endpoint, token);
        return unreadable.stream()
                .filter(record -> record.familyId().equals(id))
                .findFirst()
                .or(() -> unusable.apply(token, hashes.ofToken(token)))
                .orElse(null);
    }

    /** Whether what is marked as in flight is, as far as this process knows. Another may be at it. */
    public boolean isFlying(FamilyRecord family) {
        return flying.contains(family.id());
    }

    /** Whether a place did not take the rotated token, so that it is in the ledger alone. */
    public boolean isUnsaved(Place place) {
        return unsaved.contains(place);
    }
}
