package io.jenkins.plugins.vcftoken.family;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** Which family a token leads to, and its warm bearer: what a block needs when nothing has to be exchanged. */
final class FamilyIndex {

    /**
     * @param bearer the last one known here, or null
     * @param currentHash the hash of the current token
     */
    record Entry(String familyId, @CheckForNull Bearer bearer, String currentHash, Set<Place> places) {}

    private final Ledger ledger;
    private final TokenHash hashes;
    private final ConcurrentMap<String, String> idByHash = new ConcurrentHashMap<>();
    private final ConcurrentMap<String, Entry> entries = new ConcurrentHashMap<>();

    FamilyIndex(Ledger ledger, TokenHash hashes) {
        this.ledger = ledger;
        this.hashes = hashes;
    }

    /** From memory alone. */
    @CheckForNull
    Entry warm(String hash) {
        String id = idByHash.get(hash);
        return id == null ? null : entries.get(id);
    }

    /**
     * Reads the ledger where memory does not know the token: another process may have rotated it there.
     *
     * @return the family's ID; for a token never seen, the one of the family it founds
     */
    String resolve(String hash) throws IOException {
        String id = idByHash.get(hash);
        if (id == null) {
            for (FamilyRecord record : ledger.loadAll()) {
                entries.putIfAbsent(record.id(), index(record));
            }
            id = idByHash.get(hash);
        }
        return id == null ? hash : id;
    }

    Entry put(FamilyRecord record) {
        Entry entry = index(record);
        entries.put(record.id(), entry);
        return entry;
    }

    /** @return what was known, or null */
    @CheckForNull
    Entry forget(String familyId) {
        return entries.remove(familyId);
    }

    /** Undoes {@link #forget}, unless there is something newer. */
    void restore(String familyId, Entry entry) {
        entries.putIfAbsent(familyId, entry);
    }

    boolean knows(String familyId) {
        return entries.containsKey(familyId);
    }

    private Entry index(FamilyRecord record) {
        String currentHash = hashes.of(record.endpoint(), record.current());
        idByHash.put(record.id(), record.id());
        record.ancestors().forEach(hash -> idByHash.put(hash, record.id()));
        idByHash.put(currentHash, record.id());
        return new Entry(record.id(), record.bearer(), currentHash, record.places());
    }
}
