package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenResponse;
import java.io.IOException;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;

/**
 * Finds, loads and saves token families. Families whose secret has never rotated are kept in memory only, since a
 * restart loses nothing; all others are in the ledger. Thread-safe: look-ups need no lock; methods that load or change
 * a family are called under its lock.
 */
final class TokenFamilyStore {

    private static final Logger LOGGER = Logger.getLogger(TokenFamilyStore.class.getName());

    /** Far more than users mistype while a rejection is kept. */
    static final int MAX_REJECTED = 256;

    private final TokenLedger ledger;
    private final TokenHasher hashes;

    /** Newest state of each family that this process has read or saved, for look-ups. */
    private final ConcurrentMap<String, TokenFamily> cached = new ConcurrentHashMap<>();

    private final ConcurrentMap<String, Set<String>> idsByHash = new ConcurrentHashMap<>();

    /** Versions of the cached ledger records, so that a look-up of an unknown token does not read them again. */
    private final Map<String, Object> read = new HashMap<>();

    /** Families whose secret has never rotated. */
    private final ConcurrentMap<String, TokenFamily> inMemory = new ConcurrentHashMap<>();

    /** Families with a response that the ledger could not save. */
    private final ConcurrentMap<String, TokenFamily> unsaved = new ConcurrentHashMap<>();

    /** Requests that the ledger failed to save. They were not sent, but may be on disk. */
    private final ConcurrentMap<String, FailedRequest> failedRequests = new ConcurrentHashMap<>();

    /**
     * {@link TokenResponse#session} by family ID; empty after a failure. Separate from the family, which may be removed
     * before the last lease that uses its access token is closed. Kept in memory only, since it is a secret.
     */
    private final ConcurrentMap<String, String> sessions = new ConcurrentHashMap<>();

    /** Families in the state UNKNOWN or REJECTED. */
    private final Set<String> failing = ConcurrentHashMap.newKeySet();

    private final AtomicLong failureStateChanges = new AtomicLong();

    private record FailedRequest(TokenFamily requesting, TokenFamily before) {}

    TokenFamilyStore(TokenLedger ledger, TokenHasher hashes) {
        this.ledger = ledger;
        this.hashes = hashes;
    }

    /** Whether a family is saved in the ledger. A family with a known expiry has been sent for regeneration. */
    static boolean isDurable(TokenFamily family, CredentialHandle handle) {
        return handle.client().rotates()
                || handle.client().regenerates()
                || family.tokens().generation() > 0
                || family.tokens().expiresAt() != null;
    }

    @CheckForNull
    TokenFamily findCached(String token, Account account, CredentialLocation location) {
        return findAmong(cached(hashes.ofToken(token)), token, account, location);
    }

    /** The cached family, if it has a valid access token and is bound to the location. */
    @CheckForNull
    TokenFamily findUsable(CredentialHandle handle, Instant now) {
        CredentialLocation location = handle.location();
        TokenFamily family = findCached(handle.token(), handle.client().account(), location);
        AccessToken accessToken = family == null ? null : family.accessToken();
        return accessToken != null && family.locations().contains(location) && accessToken.isAlive(now) ? family : null;
    }

    /**
     * Selects the family of an account that a token belongs to. Several families have the token in their history if the
     * account was authorized again at one of several locations. Order of preference: bound to the location, with the
     * highest generation; then with this token as the current one.
     *
     * @return null when none belongs to this account
     */
    @CheckForNull
    static TokenFamily findAmong(
            List<TokenFamily> families, String token, Account account, CredentialLocation location) {
        return families.stream()
                .filter(family -> family.account().isSameAs(account))
                .max(Comparator.comparingLong(
                                (TokenFamily family) -> family.locations().contains(location)
                                        ? family.tokens().generation()
                                        : -1)
                        .thenComparing(family -> family.tokens().current().equals(token)))
                .orElse(null);
    }

    /**
     * All families with this current or former token. Reads the ledger if the cache has none, since another process may
     * have rotated the token.
     */
    List<TokenFamily> find(String token) throws IOException {
        String hash = hashes.ofToken(token);
        List<TokenFamily> families = cached(hash);
        if (families.isEmpty()) {
            loadChanges();
            families = cached(hash);
        }
        return families;
    }

    @CheckForNull
    TokenFamily find(String token, Account account, CredentialLocation location) throws IOException {
        return findAmong(find(token), token, account, location);
    }

    /**
     * The most recently changed family of a location, independent of the stored token.
     *
     * @return null when the location has no family of this account
     */
    @CheckForNull
    TokenFamily findLastUsed(Account account, CredentialLocation location) throws IOException {
        loadChanges();
        return findLastUsed(cached.values(), account, location);
    }

    @CheckForNull
    static TokenFamily findLastUsed(Collection<TokenFamily> families, Account account, CredentialLocation location) {
        return families.stream()
                .filter(family -> family.locations().contains(location)
                        && family.account().isSameAs(account))
                .max(Comparator.comparing(TokenFamily::changed))
                .orElse(null);
    }

    /** Loads the family again, since another process may have rotated its token. */
    TokenFamily reload(TokenFamily known) throws IOException {
        Optional<TokenFamily> record = ledger.load(known.id());
        boolean isNewer = record.isPresent()
                && record.get().tokens().generation() >= known.tokens().generation();
        return isNewer ? put(record.get()) : known;
    }

    /**
     * Caches families that other processes have written. Synchronized, since the ledger returns each change once: a
     * second thread must find it in the cache.
     */
    synchronized void loadChanges() throws IOException {
        boolean done = false;
        try {
            for (TokenFamily record : ledger.loadChanged(read)) {
                cached.putIfAbsent(record.id(), index(record));
            }
            done = true;
        } finally {
            if (!done) {
                read.clear();
            }
        }
    }

    private List<TokenFamily> cached(String hash) {
        Set<String> ids = idsByHash.get(hash);
        if (ids != null) {
            return ids.stream().map(cached::get).filter(Objects::nonNull).toList();
        }
        // Brief hashes are not indexed: they are needed only after a backup was restored.
        String brief = TokenHasher.brief(hash);
        return cached.values().stream()
                .filter(family -> family.tokens().briefHashes().contains(brief))
                .toList();
    }

    /** Caches a state of a family. */
    TokenFamily put(TokenFamily family) {
        TokenFamily before = cached.put(family.id(), index(family));
        if (before != null && !before.tokens().equals(family.tokens())) {
            Set<String> now = family.tokens().fullHashes(hashes);
            unindex(before, hash -> !now.contains(hash));
        }
        boolean isFailing =
                family.state() == TokenFamily.Status.REJECTED || family.state() == TokenFamily.Status.UNKNOWN;
        if (isFailing ? failing.add(family.id()) : failing.remove(family.id())) {
            failureStateChanges.incrementAndGet();
        }
        return family;
    }

    private TokenFamily index(TokenFamily family) {
        for (String hash : family.tokens().fullHashes(hashes)) {
            idsByHash.merge(hash, Set.of(family.id()), (old, added) -> {
                Set<String> both = new HashSet<>(old);
                return both.addAll(added) ? Set.copyOf(both) : old;
            });
        }
        return family;
    }

    private void unindex(TokenFamily family, Predicate<String> which) {
        family.tokens().fullHashes(hashes).stream()
                .filter(which)
                .forEach(hash -> idsByHash.computeIfPresent(hash, (same, ids) -> {
                    Set<String> others = new HashSet<>(ids);
                    others.remove(family.id());
                    return others.isEmpty() ? null : Set.copyOf(others);
                }));
    }

    /** @return the removed state, or null */
    @CheckForNull
    TokenFamily uncache(String id) {
        TokenFamily family = cached.remove(id);
        if (family != null) {
            unindex(family, hash -> true);
        }
        return family;
    }

    @CheckForNull
    TokenFamily findCached(String id) {
        return cached.get(id);
    }

    /** Number of indexed hashes. */
    int size() {
        return idsByHash.size();
    }

    long failureStateChanges() {
        return failureStateChanges.get();
    }

    /**
     * Whether the server has accepted the secret and the secret rotates, so that it belongs to this account only. A
     * password may belong to several accounts.
     */
    boolean isAcceptedAndRotates(TokenFamily family) {
        return family.isAccepted() && (family.tokens().generation() > 0 || !inMemory.containsKey(family.id()));
    }

    /** Families that are not in the ledger, or newer than in the ledger. */
    List<TokenFamily> notInLedger() {
        return Stream.concat(inMemory.values().stream(), unsaved.values().stream())
                .toList();
    }

    /** IDs of families with an unsaved response, which {@link #load} saves. */
    Set<String> unsaved() {
        return Set.copyOf(unsaved.keySet());
    }

    /** Families that are requested with access tokens of the given family. */
    Stream<TokenFamily> derivedFrom(String id) {
        return inMemory.values().stream()
                .filter(family -> family.tokens().current().equals(id));
    }

    Optional<TokenFamily> load(String id) throws IOException {
        TokenFamily pending = unsaved.get(id);
        if (pending != null) {
            ledger.save(pending);
            inMemory.remove(id);
            unsaved.remove(id, pending);
            return Optional.of(pending);
        }
        TokenFamily family = inMemory.get(id);
        return family != null ? Optional.of(family) : ledger.load(id).map(this::withoutFailedRequest);
    }

    private TokenFamily withoutFailedRequest(TokenFamily found) {
        FailedRequest failed = failedRequests.get(found.id());
        return failed != null && failed.requesting().equals(found) ? failed.before() : found;
    }

    /**
     * Saves a request before it is sent. After an exception it is not sent, but may be on disk, for example if forcing
     * the directory failed.
     *
     * @param before the family without the request
     */
    void saveRequest(TokenFamily requesting, TokenFamily before, CredentialHandle handle) throws IOException {
        failedRequests.put(before.id(), new FailedRequest(requesting, before));
        if (isDurable(requesting, handle)) {
            ledger.saveRequest(requesting);
            inMemory.remove(requesting.id());
        } else {
            inMemory.put(requesting.id(), requesting);
        }
        failedRequests.remove(before.id());
    }

    void save(TokenFamily family, CredentialHandle handle) throws IOException {
        if (isDurable(family, handle)) {
            ledger.save(family);
            inMemory.remove(family.id());
        } else {
            inMemory.put(family.id(), family);
        }
    }

    /** Saves a response, or keeps it in memory until {@link #load} can save it. */
    void saveResponse(TokenFamily family, CredentialHandle handle) throws IOException {
        try {
            save(family, handle);
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

    /** Saves a changed family in memory or in the ledger, where it is now. */
    void replace(TokenFamily family) throws IOException {
        if (inMemory.replace(family.id(), family) == null) {
            ledger.save(family);
        }
        put(family);
    }

    void delete(String id) throws IOException {
        ledger.delete(id);
        inMemory.remove(id);
        unsaved.remove(id);
        failedRequests.remove(id);
        uncache(id);
    }

    boolean hasSession(String id) {
        return sessions.containsKey(id);
    }

    /** @return null when there is no session to renew the access token with */
    @CheckForNull
    String session(String id) {
        String session = sessions.get(id);
        return session == null || session.isEmpty() ? null : session;
    }

    void putSession(String id, @CheckForNull String session) {
        if (session != null) {
            sessions.put(id, session);
        }
    }

    /** Makes the next request send the secret, since the server may have ended the session. */
    void endSession(String id) {
        sessions.replace(id, "");
    }

    /**
     * Removes the session and its access token from a family, so that the next caller requests another one.
     *
     * @param unused called after the access token was removed from the cache
     * @return the session to revoke; null when there is none, it has ended, or it is in use
     */
    @CheckForNull
    String takeSession(String id, BooleanSupplier unused) {
        if (!hasSession(id)) {
            return null;
        }
        TokenFamily found = uncache(id);
        if (!unused.getAsBoolean()) {
            if (found != null && cached.putIfAbsent(id, found) == null) {
                index(found);
            }
            return null;
        }
        inMemory.computeIfPresent(id, (same, family) -> family.withRevokedAccessToken());
        String session = session(id);
        sessions.remove(id);
        return session;
    }

    /**
     * Removes a secret that only a connection test has used, unless the server rejected or replaced it.
     *
     * @param location of the connection test
     */
    void forgetTested(String id, CredentialLocation location) {
        TokenFamily family = inMemory.get(id);
        if (family != null
                && family.state() != TokenFamily.Status.REJECTED
                && family.locations().equals(Set.of(location))) {
            remove(Stream.of(family));
        }
    }

    /**
     * Removes rejected secrets that are out of date, and the oldest beyond {@link #MAX_REJECTED}, since any user can
     * have any number of secrets rejected.
     *
     * @param oldest earliest time of the rejections to keep
     */
    void prune(Instant oldest) {
        List<TokenFamily> rejected = inMemory.values().stream()
                .filter(family -> family.state() == TokenFamily.Status.REJECTED)
                .sorted(Comparator.comparing(TokenFamily::changed).reversed())
                .toList();
        remove(Stream.concat(
                rejected.stream().filter(family -> family.changed().isBefore(oldest)),
                rejected.stream().skip(MAX_REJECTED)));
    }

    /** Removes secrets that the given one has replaced at all of their locations. */
    void removeReplaced(TokenFamily by) {
        remove(inMemory.values().stream()
                .filter(other -> !other.id().equals(by.id())
                        && other.state() == TokenFamily.Status.READY
                        && other.account().isSameAs(by.account())
                        && by.locations().containsAll(other.locations())));
    }

    /** Keeps families that have changed since. */
    private void remove(Stream<TokenFamily> families) {
        families.filter(family -> inMemory.remove(family.id(), family)).forEach(family -> uncache(family.id()));
    }
}
