package io.jenkins.plugins.vcftoken.rotation;

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
final class TokenFamilyStore {

    private static final Logger LOGGER = Logger.getLogger(TokenFamilyStore.class.getName());

    /** Far more than people mistype in the time for which a refusal counts. */
    static final int MAX_REFUSALS = 256;

    private final TokenLedger ledger;
    /** Families whose secret has never changed. */
    private final ConcurrentMap<String, TokenFamily> unwritten = new ConcurrentHashMap<>();
    /** Answers that the disk would not take. */
    private final ConcurrentMap<String, TokenFamily> refused = new ConcurrentHashMap<>();
    /** Requests that the disk may or may not have noted, and that were therefore never sent. */
    private final ConcurrentMap<String, Unsent> unsent = new ConcurrentHashMap<>();

    private record Unsent(TokenFamily requesting, TokenFamily before) {}

    TokenFamilyStore(TokenLedger ledger) {
        this.ledger = ledger;
    }

    /** Whether a record of this holder's family belongs in the ledger. */
    static boolean isDurable(TokenFamily record, CredentialHandle handle) {
        return handle.service().rotates() || record.tokens().generation() > 0;
    }

    /** What memory has and the ledger has not, or not yet. */
    List<TokenFamily> held() {
        List<TokenFamily> held = new ArrayList<>(unwritten.values());
        held.addAll(refused.values());
        return held;
    }

    /** Keeps a record where its family is kept. */
    void replace(TokenFamily record) throws IOException {
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

    Optional<TokenFamily> load(String id) throws IOException {
        TokenFamily pending = refused.get(id);
        if (pending != null) {
            ledger.save(pending);
            unwritten.remove(id);
            refused.remove(id, pending);
            return Optional.of(pending);
        }
        TokenFamily held = unwritten.get(id);
        return held != null ? Optional.of(held) : ledger.load(id).map(this::withoutUnsent);
    }

    private TokenFamily withoutUnsent(TokenFamily found) {
        Unsent request = unsent.get(found.id());
        return request != null && request.requesting().equals(found) ? request.before() : found;
    }

    /** Families whose secret is the access token of the given one. From memory, where all of them are. */
    Stream<TokenFamily> derivedFrom(String id) {
        return unwritten.values().stream()
                .filter(record -> record.tokens().current().equals(id));
    }

    /**
     * Notes a request that is sent only if this returns. Where it does not, the note may still be on disk, because its
     * directory could not be forced, for example; this process knows better.
     *
     * @param before the same family without the request
     */
    void saveRequest(TokenFamily requesting, TokenFamily before, CredentialHandle handle) throws IOException {
        if (isDurable(requesting, handle)) {
            ledger.reserve(requesting);
        }
        unsent.put(before.id(), new Unsent(requesting, before));
        save(requesting, handle);
        unsent.remove(before.id());
    }

    void save(TokenFamily record, CredentialHandle handle) throws IOException {
        if (isDurable(record, handle)) {
            ledger.save(record);
            unwritten.remove(record.id());
        } else {
            unwritten.put(record.id(), record);
        }
    }

    /** After the server has answered, memory is the last place that has the token if the disk refuses it. */
    void saveOrHold(TokenFamily record, CredentialHandle handle) throws IOException {
        try {
            if (isDurable(record, handle)) {
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
                    () -> "The token record of " + record.account().description()
                            + " could not be written; it is held in memory and written before its next use");
            throw e;
        }
    }

    /**
     * @param location where it was tried out, and nowhere else
     * @return false when it is to be remembered
     */
    boolean forgetTrial(String id, CredentialLocation location) {
        TokenFamily record = unwritten.get(id);
        boolean isForgettable = record != null
                && record.state() != TokenFamilyStatus.REJECTED
                && record.locations().equals(Set.of(location));
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
        List<TokenFamily> refusals = unwritten.values().stream()
                .filter(record -> record.state() == TokenFamilyStatus.REJECTED)
                .sorted(Comparator.comparing(TokenFamily::changed).reversed())
                .toList();
        List<String> removed = new ArrayList<>();
        for (int i = 0; i < refusals.size(); i++) {
            TokenFamily record = refusals.get(i);
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
    List<String> removeReplaced(TokenFamily by) {
        List<String> removed = new ArrayList<>();
        for (TokenFamily other : unwritten.values()) {
            boolean isReplaced = !other.id().equals(by.id())
                    && other.state() == TokenFamilyStatus.READY
                    && other.account().isSameAs(by.account())
                    && by.locations().containsAll(other.locations());
            if (isReplaced && unwritten.remove(other.id(), other)) {
                removed.add(other.id());
            }
        }
        return removed;
    }

    /** Forgets the access token of a family that has no file, so that the next one to ask gets a new one. */
    void dropAccessToken(String id) {
        unwritten.computeIfPresent(id, (same, record) -> record.withRevokedAccessToken());
    }
}
