package io.jenkins.plugins.vcftoken.family;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Where each family's record is kept: in the ledger, or in memory while a restart could lose nothing. A secret that the
 * server does not replace costs no file; from the moment it comes back different, its family is a file like any other.
 */
final class Journal {

    private static final Logger LOGGER = Logger.getLogger(Journal.class.getName());

    private final Ledger ledger;
    /** Families whose secret has never changed. */
    private final ConcurrentMap<String, FamilyRecord> unwritten = new ConcurrentHashMap<>();
    /** Answers that the disk would not take. */
    private final ConcurrentMap<String, FamilyRecord> refused = new ConcurrentHashMap<>();

    Journal(Ledger ledger) {
        this.ledger = ledger;
    }

    /** Whether a record of this holder's family belongs in the ledger. */
    static boolean isDurable(FamilyRecord record, Holder holder) {
        return holder.service().rotates() || record.tokens().generation() > 0;
    }

    /** What memory has and the ledger has not, or not yet. */
    List<FamilyRecord> held() {
        List<FamilyRecord> held = new ArrayList<>(unwritten.values());
        held.addAll(refused.values());
        return held;
    }

    /** Keeps a record where its family is kept. */
    void replace(FamilyRecord record) throws IOException {
        if (unwritten.computeIfPresent(record.id(), (id, old) -> record) == null) {
            ledger.save(record);
        }
    }

    boolean isWritten(String id) {
        return !unwritten.containsKey(id);
    }

    void forget(String id) throws IOException {
        ledger.delete(id);
        unwritten.remove(id);
        refused.remove(id);
    }

    /** The families whose last answer the disk would not take. */
    Set<String> refused() {
        return Set.copyOf(refused.keySet());
    }

    Optional<FamilyRecord> load(String id) throws IOException {
        FamilyRecord pending = refused.get(id);
        if (pending != null) {
            ledger.save(pending);
            unwritten.remove(id);
            refused.remove(id, pending);
            return Optional.of(pending);
        }
        FamilyRecord held = unwritten.get(id);
        return held != null ? Optional.of(held) : ledger.load(id);
    }

    void save(FamilyRecord record, Holder holder) throws IOException {
        if (isDurable(record, holder)) {
            ledger.save(record);
            unwritten.remove(record.id());
        } else {
            unwritten.put(record.id(), record);
        }
    }

    /** After the server has answered, memory is the last place that has the token if the disk refuses it. */
    void saveOrHold(FamilyRecord record, Holder holder) throws IOException {
        try {
            save(record, holder);
        } catch (IOException | RuntimeException e) {
            refused.put(record.id(), record);
            LOGGER.log(
                    Level.SEVERE,
                    e,
                    () -> "The token record of " + record.endpoint().description()
                            + " could not be written; it is held in memory and written before its next use");
            throw e;
        }
    }

    /**
     * @param place where it was tried out, and nowhere else
     * @return false when it is to be remembered
     */
    boolean forgetTrial(String id, Place place) {
        FamilyRecord record = unwritten.get(id);
        boolean isForgettable = record != null
                && record.state() != FamilyState.DEAD
                && record.places().equals(Set.of(place));
        if (isForgettable) {
            unwritten.remove(id);
        }
        return isForgettable;
    }

    /** Forgets the bearer of a family that has no file, so that the next one to ask gets a new one. */
    void dropBearer(String id) {
        unwritten.computeIfPresent(id, (same, record) -> record.withRevokedAccessToken());
    }
}
