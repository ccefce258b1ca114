package io.jenkins.plugins.vcftoken.family;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** Which families a token leads to, and their warm bearers: what a block needs when nothing has to be exchanged. */
final class FamilyIndex {

    /**
     * What memory keeps of a family.
     *
     * @param bearer the last one known here, or null
     * @param proven as in {@link FamilyRecord#isProven()}
     * @param currentHash the hash of the current token
     */
    record Entry(
            String familyId,
            Endpoint endpoint,
            @CheckForNull Bearer bearer,
            boolean proven,
            String currentHash,
            Set<Place> places) {

        boolean isAt(Endpoint other) {
            return endpoint.identity().equals(other.identity());
        }
    }

    private final Ledger ledger;
    private final TokenHash hashes;
    private final ConcurrentMap<String, Set<String>> idsByHash = new ConcurrentHashMap<>();
    private final ConcurrentMap<String, Entry> entries = new ConcurrentHashMap<>();

    FamilyIndex(Ledger ledger, TokenHash hashes) {
        this.ledger = ledger;
        this.hashes = hashes;
    }

    /** The family of a token at an endpoint, from memory alone. */
    @CheckForNull
    Entry warm(String hash, Endpoint endpoint) {
        return known(hash).stream()
                .filter(entry -> entry.isAt(endpoint))
                .findFirst()
                .orElse(null);
    }

    /**
     * Every family that the token belongs or belonged to. Reads the ledger where memory knows none at this endpoint:
     * another process may have rotated it there.
     */
    List<Entry> find(String hash, Endpoint endpoint) throws IOException {
        if (warm(hash, endpoint) == null) {
            for (FamilyRecord record : ledger.loadAll()) {
                entries.putIfAbsent(record.id(), index(record));
            }
        }
        return known(hash);
    }

    private List<Entry> known(String hash) {
        return idsByHash.getOrDefault(hash, Set.of()).stream()
                .map(entries::get)
                .filter(entry -> entry != null)
                .toList();
    }

    Entry put(FamilyRecord record) {
        Entry entry = index(record);
        entries.put(record.id(), entry);
        return entry;
    }

    void remove(String familyId) {
        entries.remove(familyId);
    }

    private Entry index(FamilyRecord record) {
        Lineage tokens = record.tokens();
        String currentHash = hashes.ofToken(tokens.current());
        learn(tokens.seedHash(), record.id());
        tokens.formerHashes().forEach(hash -> learn(hash, record.id()));
        learn(currentHash, record.id());
        return new Entry(
                record.id(), record.endpoint(), record.bearer(), record.isProven(), currentHash, record.places());
    }

    private void learn(String hash, String familyId) {
        idsByHash.merge(hash, Set.of(familyId), (old, added) -> {
            if (old.containsAll(added)) {
                return old;
            }
            Set<String> both = new java.util.HashSet<>(old);
            both.addAll(added);
            return Set.copyOf(both);
        });
    }
}
