package io.jenkins.plugins.vcftoken.rotation;

import java.io.IOException;
import java.time.Instant;
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
 * Loads and saves families: in the ledger, or in memory while the secret has never rotated, so that a restart loses
 * nothing. Methods that take an ID or a family are called under the family's lock.
 */
final class TokenFamilyStore {

    private static final Logger LOGGER = Logger.getLogger(TokenFamilyStore.class.getName());

    /** Far more than are mistyped while a refusal is remembered. */
    static final int MAX_REFUSALS = 256;

    private final TokenLedger ledger;

    /** Families with a secret that has never rotated. */
    private final ConcurrentMap<String, TokenFamily> inMemory = new ConcurrentHashMap<>();

    /** Families with a response that the ledger could not save. */
    private final ConcurrentMap<String, TokenFamily> unsaved = new ConcurrentHashMap<>();

    /** Requests that the ledger failed to save. They were not sent, and may be on the disk nevertheless. */
    private final ConcurrentMap<String, FailedRequest> failedRequests = new ConcurrentHashMap<>();

    private record FailedRequest(TokenFamily requesting, TokenFamily before) {}

    TokenFamilyStore(TokenLedger ledger) {
        this.ledger = ledger;
    }

    /** Whether the ledger saves a family of this credential. */
    static boolean isDurable(TokenFamily family, CredentialHandle handle) {
        return handle.service().rotates() || family.tokens().generation() > 0;
    }

    /** All families that are not in the ledger, or newer than there. */
    List<TokenFamily> notInLedger() {
        return Stream.concat(inMemory.values().stream(), unsaved.values().stream())
                .toList();
    }

    /** Saves a changed family where it is stored now. */
    void replace(TokenFamily family) throws IOException {
        if (inMemory.replace(family.id(), family) == null) {
            ledger.save(family);
        }
    }

    boolean isWritten(String id) {
        return !inMemory.containsKey(id);
    }

    void delete(String id) throws IOException {
        ledger.delete(id);
        inMemory.remove(id);
        unsaved.remove(id);
        failedRequests.remove(id);
    }

    /** IDs of the families with a response that the ledger could not save; {@link #load} saves it. */
    Set<String> unsaved() {
        return Set.copyOf(unsaved.keySet());
    }

    Optional<TokenFamily> load(String id) throws IOException {
        TokenFamily pending = unsaved.get(id);
        if (pending != null) {
            ledger.save(pending);
            inMemory.remove(id);
            unsaved.remove(id, pending);
            return Optional.of(pending);
        }
        TokenFamily cached = inMemory.get(id);
        return cached != null ? Optional.of(cached) : ledger.load(id).map(this::withoutFailedRequest);
    }

    private TokenFamily withoutFailedRequest(TokenFamily found) {
        FailedRequest failed = failedRequests.get(found.id());
        return failed != null && failed.requesting().equals(found) ? failed.before() : found;
    }

    /**
     * Families of organizations that were requested with access tokens of the given family. All of them are in memory.
     */
    Stream<TokenFamily> derivedFrom(String id) {
        return inMemory.values().stream()
                .filter(family -> family.tokens().current().equals(id));
    }

    /**
     * Saves the request before it is sent, with space set aside for its response. Where this throws, the request is not
     * sent; the record may be on the disk nevertheless, if forcing the directory failed, for example.
     *
     * @param before the same family without the request
     */
    void saveRequest(TokenFamily requesting, TokenFamily before, CredentialHandle handle) throws IOException {
        if (isDurable(requesting, handle)) {
            ledger.reserve(requesting);
        }
        failedRequests.put(before.id(), new FailedRequest(requesting, before));
        save(requesting, handle);
        failedRequests.remove(before.id());
    }

    void save(TokenFamily family, CredentialHandle handle) throws IOException {
        save(family, handle, false);
    }

    private void save(TokenFamily family, CredentialHandle handle, boolean reserved) throws IOException {
        if (!isDurable(family, handle)) {
            inMemory.put(family.id(), family);
            return;
        }
        if (reserved) {
            ledger.saveReserved(family);
        } else {
            ledger.save(family);
        }
        inMemory.remove(family.id());
    }

    /** Saves a response. Where the ledger cannot, memory keeps it until {@link #load} saves it. */
    void saveResponse(TokenFamily family, CredentialHandle handle) throws IOException {
        try {
            save(family, handle, true);
        } catch (IOException | RuntimeException e) {
            unsaved.put(family.id(), family);
            LOGGER.log(
                    Level.SEVERE,
                    e,
                    () -> "The token record of " + family.account().description()
                            + " could not be written; it is held in memory and written before its next use");
            throw e;
        }
    }

    /**
     * Forgets a secret that only a connection test has used, unless the server refused it or replaced it.
     *
     * @param location of the test
     * @return false when the family stays
     */
    boolean forgetUnsaved(String id, CredentialLocation location) {
        TokenFamily family = inMemory.get(id);
        return family != null
                && family.state() != TokenFamilyStatus.REJECTED
                && family.locations().equals(Set.of(location))
                && inMemory.remove(id, family);
    }

    /**
     * Removes refused secrets that are out of date, and the oldest beyond {@link #MAX_REFUSALS}, since any user can
     * have any number of secrets refused.
     *
     * @param refusalsEnd refusals before this are out of date
     * @return the IDs of the removed families
     */
    List<String> prune(Instant refusalsEnd) {
        List<TokenFamily> refusals = inMemory.values().stream()
                .filter(family -> family.state() == TokenFamilyStatus.REJECTED)
                .sorted(Comparator.comparing(TokenFamily::changed).reversed())
                .toList();
        return remove(Stream.concat(
                refusals.stream().filter(family -> family.changed().isBefore(refusalsEnd)),
                refusals.stream().skip(MAX_REFUSALS)));
    }

    /**
     * Removes secrets that the given one has replaced at all of their locations.
     *
     * @return the IDs of the removed families
     */
    List<String> removeReplaced(TokenFamily by) {
        return remove(inMemory.values().stream()
                .filter(other -> !other.id().equals(by.id())
                        && other.state() == TokenFamilyStatus.READY
                        && other.account().isSameAs(by.account())
                        && by.locations().containsAll(other.locations())));
    }

    /** Leaves families that have changed since. */
    private List<String> remove(Stream<TokenFamily> families) {
        return families.filter(family -> inMemory.remove(family.id(), family))
                .map(TokenFamily::id)
                .toList();
    }

    /** Marks the access token of a family in memory as revoked, so that the next caller requests another one. */
    void dropAccessToken(String id) {
        inMemory.computeIfPresent(id, (same, family) -> family.withRevokedAccessToken());
    }
}
