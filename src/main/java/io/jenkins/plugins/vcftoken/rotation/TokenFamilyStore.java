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
 * Finds, loads and saves token families. A family is in the ledger, or in memory while its secret has never rotated, so
 * that a restart loses nothing. Thread-safe; look-ups need no lock, and all methods that load or change a family are
 * called under its lock.
 */
final class TokenFamilyStore {

    private static final Logger LOGGER = Logger.getLogger(TokenFamilyStore.class.getName());

    /** Far more than are mistyped while a refusal is remembered. */
    static final int MAX_REFUSALS = 256;

    private final TokenLedger ledger;
    private final TokenHash hashes;

    /** The newest state of each family that this process has read or saved, for look-ups. */
    private final ConcurrentMap<String, TokenFamily> cached = new ConcurrentHashMap<>();

    private final ConcurrentMap<String, Set<String>> idsByHash = new ConcurrentHashMap<>();

    /** Versions of the ledger's records that the cache has, so that an unknown token costs no second reading. */
    private final Map<String, Object> read = new HashMap<>();

    /** Families with a secret that has never rotated. */
    private final ConcurrentMap<String, TokenFamily> inMemory = new ConcurrentHashMap<>();

    /** Families with a response that the ledger could not save. */
    private final ConcurrentMap<String, TokenFamily> unsaved = new ConcurrentHashMap<>();

    /** Requests that the ledger failed to save. They were not sent, and may be on the disk nevertheless. */
    private final ConcurrentMap<String, FailedRequest> failedRequests = new ConcurrentHashMap<>();

    /**
     * By family: {@link TokenResponse#session}, empty after a failure. Apart from the family, which may be removed
     * before the last lease that uses its access token. In memory alone, since it is as secret as that one.
     */
    private final ConcurrentMap<String, String> sessions = new ConcurrentHashMap<>();

    /** Families in the state UNKNOWN or REJECTED. */
    private final Set<String> failing = ConcurrentHashMap.newKeySet();

    private final AtomicLong alarms = new AtomicLong();

    private record FailedRequest(TokenFamily requesting, TokenFamily before) {}

    TokenFamilyStore(TokenLedger ledger, TokenHash hashes) {
        this.ledger = ledger;
        this.hashes = hashes;
    }

    /**
     * Whether the ledger saves a family of this credential. A family with a known expiry is about to be regenerated, or
     * was.
     */
    static boolean isDurable(TokenFamily family, CredentialHandle handle) {
        return handle.client().rotates()
                || family.tokens().generation() > 0
                || family.tokens().expiresAt() != null;
    }

    /** The cached family of a token for an account. */
    @CheckForNull
    TokenFamily findCached(String token, Account account, CredentialLocation location) {
        return findAmong(cached(hashes.ofToken(token)), token, account, location);
    }

    /** The same, if the family has a valid access token and is bound to the location. */
    @CheckForNull
    TokenFamily findUsable(CredentialHandle handle, Instant now) {
        CredentialLocation location = handle.location();
        TokenFamily family = findCached(handle.token(), handle.client().account(), location);
        AccessToken accessToken = family == null ? null : family.accessToken();
        return accessToken != null && family.locations().contains(location) && accessToken.isAlive(now) ? family : null;
    }

    /**
     * The one family of an account that a token leads to. Several have the token in their history where the account was
     * authorized again for one of the locations that store it: the family that is bound to the location comes first,
     * then the newest of these, then the family with this token as its current one.
     *
     * @return null when none is of this account
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
     * All families that the token belongs or belonged to. Reads the ledger where the cache has none, since another
     * process may have rotated the token.
     */
    List<TokenFamily> find(String token) throws IOException {
        String hash = hashes.ofToken(token);
        List<TokenFamily> families = cached(hash);
        if (families.isEmpty()) {
            catchUp();
            families = cached(hash);
        }
        return families;
    }

    /** As {@link #findAmong}, among all that {@link #find} returns. */
    @CheckForNull
    TokenFamily find(String token, Account account, CredentialLocation location) throws IOException {
        return findAmong(find(token), token, account, location);
    }

    /**
     * The family that a location used last, whatever token is stored there.
     *
     * @return null when there is none of this account
     */
    @CheckForNull
    TokenFamily findLastUsed(Account account, CredentialLocation location) throws IOException {
        catchUp();
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

    /** The family as the ledger has it now: another process may have continued it. */
    TokenFamily reread(TokenFamily known) throws IOException {
        Optional<TokenFamily> record = ledger.load(known.id());
        boolean isNewer = record.isPresent()
                && record.get().tokens().generation() >= known.tokens().generation();
        return isNewer ? put(record.get()) : known;
    }

    /**
     * Reads the families that other processes have written. One thread at a time: the ledger returns each change once,
     * so the second thread must find it in the cache.
     */
    synchronized void catchUp() throws IOException {
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
        // Not indexed: brief hashes are only looked for after a backup was restored.
        String brief = TokenHash.brief(hash);
        return cached.values().stream()
                .filter(family -> family.tokens().briefHashes().contains(brief))
                .toList();
    }

    /** Makes look-ups find this state of a family. */
    TokenFamily put(TokenFamily family) {
        TokenFamily before = cached.put(family.id(), index(family));
        if (before != null && !before.tokens().equals(family.tokens())) {
            Set<String> now = family.tokens().fullHashes(hashes);
            unindex(before, hash -> !now.contains(hash));
        }
        boolean isFailing =
                family.state() == TokenFamily.Status.REJECTED || family.state() == TokenFamily.Status.UNKNOWN;
        if (isFailing ? failing.add(family.id()) : failing.remove(family.id())) {
            alarms.incrementAndGet();
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

    /** @return the state that look-ups found, or null */
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

    /** How many hashes are indexed. */
    int size() {
        return idsByHash.size();
    }

    /** A counter of all changes of families into and out of the states UNKNOWN and REJECTED. */
    long alarms() {
        return alarms.get();
    }

    /**
     * Whether the server of this account has accepted the secret, and the secret rotates, so that it belongs to this
     * account alone; one password may belong to several accounts.
     */
    boolean isProvenAndRotates(TokenFamily family) {
        return family.isProven() && (family.tokens().generation() > 0 || !inMemory.containsKey(family.id()));
    }

    /** All families that are not in the ledger, or newer than there. */
    List<TokenFamily> notInLedger() {
        return Stream.concat(inMemory.values().stream(), unsaved.values().stream())
                .toList();
    }

    /** IDs of the families with a response that the ledger could not save; {@link #load} saves it. */
    Set<String> unsaved() {
        return Set.copyOf(unsaved.keySet());
    }

    /** Families that are requested with access tokens of the given family. All of them are in memory. */
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
        TokenFamily held = inMemory.get(id);
        return held != null ? Optional.of(held) : ledger.load(id).map(this::withoutFailedRequest);
    }

    private TokenFamily withoutFailedRequest(TokenFamily found) {
        FailedRequest failed = failedRequests.get(found.id());
        return failed != null && failed.requesting().equals(found) ? failed.before() : found;
    }

    /**
     * Saves the request before it is sent. Where this throws, the request is not sent; the record may be on the disk
     * nevertheless, if forcing the directory failed, for example.
     *
     * @param before the same family without the request
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

    /** Saves a response. Where the ledger cannot, memory keeps it until {@link #load} saves it. */
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

    /** Saves a changed family where it is stored now. */
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

    /** The session with which a family's access token can be renewed; null without one. */
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

    /** The next request sends the secret, since the session may have ended at the server. */
    void endSession(String id) {
        sessions.replace(id, "");
    }

    /**
     * Takes the session and its access token from a family, so that the next caller requests another one.
     *
     * @param unused called when no look-up finds the access token any more
     * @return the session to revoke; null when there is none, it has ended, or it is used
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
     * Forgets a secret that only a connection test has used, unless the server refused it or replaced it.
     *
     * @param location of the test
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
     * Removes refused secrets that are out of date, and the oldest beyond {@link #MAX_REFUSALS}, since any user can
     * have any number of secrets refused.
     *
     * @param refusalsEnd refusals before this are out of date
     */
    void prune(Instant refusalsEnd) {
        List<TokenFamily> refusals = inMemory.values().stream()
                .filter(family -> family.state() == TokenFamily.Status.REJECTED)
                .sorted(Comparator.comparing(TokenFamily::changed).reversed())
                .toList();
        remove(Stream.concat(
                refusals.stream().filter(family -> family.changed().isBefore(refusalsEnd)),
                refusals.stream().skip(MAX_REFUSALS)));
    }

    /** Removes secrets that the given one has replaced at all of their locations. */
    void removeReplaced(TokenFamily by) {
        remove(inMemory.values().stream()
                .filter(other -> !other.id().equals(by.id())
                        && other.state() == TokenFamily.Status.READY
                        && other.account().isSameAs(by.account())
                        && by.locations().containsAll(other.locations())));
    }

    /** Leaves families that have changed since. */
    private void remove(Stream<TokenFamily> families) {
        families.filter(family -> inMemory.remove(family.id(), family)).forEach(family -> uncache(family.id()));
    }
}
