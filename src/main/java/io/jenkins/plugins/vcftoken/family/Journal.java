package io.jenkins.plugins.vcftoken.family;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;

/**
 * Where each family's record is kept: in the ledger, or in memory while a restart could lose nothing. A secret that the
 * server does not replace costs no file; from the moment it comes back different, its family is a file like any other.
 */
final class Journal {

    private static final Logger LOGGER = Logger.getLogger(Journal.class.getName());

    /** Far more than people mistype in the time for which a refusal counts. */
    static final int MAX_REFUSALS = 256;

    private final Ledger ledger;
    /** Families whose secret has never changed. */
    private final ConcurrentMap<String, FamilyRecord> unwritten = new ConcurrentHashMap<>();
    /** Answers that the disk would not take. */
    private final ConcurrentMap<String, FamilyRecord> refused = new ConcurrentHashMap<>();
    /** Requests that the disk may or may not have noted, and that were therefore never sent. */
    private final ConcurrentMap<String, Unsent> unsent = new ConcurrentHashMap<>();

    private record Unsent(FamilyRecord inFlight, FamilyRecord before) {}

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
        unsent.remove(id);
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
        return held != null ? Optional.of(held) : ledger.load(id).map(this::withoutUnsent);
    }

    private FamilyRecord withoutUnsent(FamilyRecord found) {
        Unsent request = unsent.get(found.id());
        return request != null && request.inFlight().equals(found) ? request.before() : found;
    }

    /** Families whose secret is the access token of the given one. From memory, where all of them are. */
    Stream<FamilyRecord> derivedFrom(String id) {
        return unwritten.values().stream()
                .filter(record -> record.tokens().current().equals(id));
    }

    /**
     * Notes a request that is sent only if this returns. Where it does not, the note may still be on disk, because its
     * directory could not be forced, for example; this process knows better.
     *
     * @param before the same family without the request
     */
    void saveRequest(FamilyRecord inFlight, FamilyRecord before, Holder holder) throws IOException {
        if (isDurable(inFlight, holder)) {
            ledger.reserve(inFlight);
        }
        unsent.put(before.id(), new Unsent(inFlight, before));
        save(inFlight, holder);
        unsent.remove(before.id());
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
            if (isDurable(record, holder)) {
                ledger.saveReserved(record);
                unwritten.remove(record.id());
            } else {
                unwritten.put(record.id(), record);
            }
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

    /**
     * Removes what memory need not have any more: secrets that have been replaced where they are stored, and refusals
     * that no longer count. Refusals are remembered for a time, {@link #MAX_REFUSALS} of them at most: any user can have
     * any number of secrets refused.
     *
     * @param refusalsEnd refusals before this are over
     * @return the IDs of what was removed
     */
    List<String> prune(Instant refusalsEnd) {
        List<FamilyRecord> refusals = unwritten.values().stream()
                .filter(record -> record.state() == FamilyState.DEAD)
                .sorted(Comparator.comparing(FamilyRecord::changed).reversed())
                .toList();
        List<String> removed = new ArrayList<>();
        for (int i = 0; i < refusals.size(); i++) {
            FamilyRecord record = refusals.get(i);
            if ((i >= MAX_REFUSALS || record.changed().isBefore(refusalsEnd))
                    && unwritten.remove(record.id(), record)) {
                removed.add(record.id());
            }
        }
        return removed;
    }

    /**
     * Removes secrets that the given one has replaced at its only place.
     *
     * @return the IDs of what was removed
     */
    List<String> removeReplaced(FamilyRecord by) {
        List<String> removed = new ArrayList<>();
        for (FamilyRecord other : unwritten.values()) {
            boolean isReplaced = !other.id().equals(by.id())
                    && other.state() == FamilyState.OK
                    && other.endpoint().isSameAs(by.endpoint())
                    && by.places().containsAll(other.places());
            if (isReplaced && unwritten.remove(other.id(), other)) {
                removed.add(other.id());
            }
        }
        return removed;
    }

    /** Forgets the bearer of a family that has no file, so that the next one to ask gets a new one. */
    void dropBearer(String id) {
        unwritten.computeIfPresent(id, (same, record) -> record.withRevokedAccessToken());
    }
}
