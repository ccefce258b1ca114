package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
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

/**
 * In-memory look-up of token families by the hash of any of their tokens, with their newest access tokens. Thread-safe.
 */
final class TokenFamilyCache {

    /**
     * A family without its secret.
     *
     * @param accessToken the newest one, or null
     * @param proven whether this account's server has accepted the secret, and the secret rotates, so that it belongs
     *     to this account alone; one password may belong to several accounts
     * @param nonRotating whether the server's last response left the secret as it was
     * @param hashes of all tokens with a hash that is kept in full
     * @param briefHashes of the tokens that were rotated away before these, see {@link TokenHash#brief}
     */
    record Entry(
            String familyId,
            Account account,
            TokenFamilyStatus state,
            @CheckForNull AccessToken accessToken,
            boolean proven,
            boolean nonRotating,
            String currentHash,
            Set<String> hashes,
            List<String> briefHashes,
            long generation,
            Set<CredentialLocation> locations) {

        /** @param durable whether the family is in the ledger */
        static Entry of(TokenFamily family, boolean durable, TokenHash hashes) {
            TokenHistory tokens = family.tokens();
            return new Entry(
                    family.id(),
                    family.account(),
                    family.state(),
                    family.accessToken(),
                    durable && family.isProven(),
                    tokens.nonRotating(),
                    hashes.ofToken(tokens.current()),
                    Set.copyOf(tokens.fullHashes(hashes)),
                    tokens.briefHashes(),
                    tokens.generation(),
                    family.locations());
        }

        boolean isFor(Account other) {
            return account.isSameAs(other);
        }

        boolean isOutcomeUnknown() {
            return state == TokenFamilyStatus.UNKNOWN || state == TokenFamilyStatus.REQUESTING;
        }
    }

    private final TokenLedger ledger;
    private final TokenHash hashes;
    private final ConcurrentMap<String, Set<String>> idsByHash = new ConcurrentHashMap<>();
    private final ConcurrentMap<String, Entry> entries = new ConcurrentHashMap<>();

    /** Families in the state UNKNOWN or REJECTED. */
    private final Set<String> failing = ConcurrentHashMap.newKeySet();

    private final AtomicLong alarms = new AtomicLong();

    /** Versions of the ledger's records that this cache has read, so that an unknown token costs no second reading. */
    private final Map<String, Object> read = new HashMap<>();

    TokenFamilyCache(TokenLedger ledger, TokenHash hashes) {
        this.ledger = ledger;
        this.hashes = hashes;
    }

    /** The cached family of a token for an account. */
    @CheckForNull
    Entry findCached(String hash, Account account, CredentialLocation location) {
        return findAmong(known(hash), hash, account, location);
    }

    /** The same, if the family has a valid access token and is bound to the location. */
    @CheckForNull
    Entry findUsable(String hash, Account account, CredentialLocation location, Instant now) {
        Entry cached = findCached(hash, account, location);
        AccessToken accessToken = cached == null ? null : cached.accessToken();
        return accessToken != null && cached.locations().contains(location) && accessToken.isAlive(now) ? cached : null;
    }

    /**
     * The one family of an account that a token leads to. Several have the token in their history where the account was
     * authorized again for one of the locations that store it: the family that is bound to the location comes first,
     * then the newest of these, then the family with this token as its current one.
     *
     * @return null when none is of this account
     */
    @CheckForNull
    static Entry findAmong(List<Entry> known, String hash, Account account, CredentialLocation location) {
        return known.stream()
                .filter(entry -> entry.isFor(account))
                .max(Comparator.comparingLong(
                                (Entry entry) -> entry.locations().contains(location) ? entry.generation() : -1)
                        .thenComparing(entry -> entry.currentHash().equals(hash)))
                .orElse(null);
    }

    /**
     * All families that the token belongs or belonged to. Reads the ledger where the cache has none, since another
     * process may have rotated the token.
     */
    List<Entry> find(String hash) throws IOException {
        List<Entry> known = known(hash);
        if (known.isEmpty()) {
            catchUp();
            known = known(hash);
        }
        return known;
    }

    /** The same families as the ledger has them now: another process may have continued them. */
    List<Entry> reread(List<Entry> known) throws IOException {
        List<Entry> now = new ArrayList<>(known.size());
        for (Entry entry : known) {
            Optional<TokenFamily> record = ledger.load(entry.familyId());
            boolean isNewer = record.isPresent() && record.get().tokens().generation() >= entry.generation();
            now.add(isNewer ? put(record.get(), true) : entry);
        }
        return now;
    }

    /**
     * Reads the families that other processes have written. One thread at a time: the ledger returns each change once,
     * so the second thread must find it in the cache.
     */
    synchronized void catchUp() throws IOException {
        boolean done = false;
        try {
            for (TokenFamily record : ledger.loadChanged(read)) {
                entries.putIfAbsent(record.id(), index(Entry.of(record, true, hashes)));
            }
            done = true;
        } finally {
            if (!done) {
                read.clear();
            }
        }
    }

    private List<Entry> known(String hash) {
        Set<String> ids = idsByHash.get(hash);
        if (ids != null) {
            return ids.stream().map(entries::get).filter(Objects::nonNull).toList();
        }
        // Not indexed: brief hashes are only looked for after a backup was restored.
        String brief = TokenHash.brief(hash);
        return entries.values().stream()
                .filter(entry -> entry.briefHashes().contains(brief))
                .toList();
    }

    /** @param durable whether the family is in the ledger */
    Entry put(TokenFamily family, boolean durable) {
        Entry entry = index(Entry.of(family, durable, hashes));
        Entry before = entries.put(family.id(), entry);
        if (before != null) {
            before.hashes().stream()
                    .filter(hash -> !entry.hashes().contains(hash))
                    .forEach(hash -> unindex(hash, family.id()));
        }
        boolean isFailing = family.state() == TokenFamilyStatus.REJECTED || family.state() == TokenFamilyStatus.UNKNOWN;
        if (isFailing ? failing.add(family.id()) : failing.remove(family.id())) {
            alarms.incrementAndGet();
        }
        return entry;
    }

    /** @return the removed entry, or null */
    @CheckForNull
    Entry forget(String familyId) {
        Entry entry = entries.remove(familyId);
        if (entry != null) {
            entry.hashes().forEach(hash -> unindex(hash, familyId));
        }
        return entry;
    }

    /** Undoes {@link #forget}, unless there is a newer entry. */
    void restore(Entry entry) {
        if (entries.putIfAbsent(entry.familyId(), entry) == null) {
            index(entry);
        }
    }

    /** A counter of all changes of families into and out of the states UNKNOWN and REJECTED. */
    long alarms() {
        return alarms.get();
    }

    boolean contains(String familyId) {
        return entries.containsKey(familyId);
    }

    private Entry index(Entry entry) {
        for (String hash : entry.hashes()) {
            idsByHash.merge(hash, Set.of(entry.familyId()), (old, added) -> {
                Set<String> both = new HashSet<>(old);
                return both.addAll(added) ? Set.copyOf(both) : old;
            });
        }
        return entry;
    }

    private void unindex(String hash, String familyId) {
        idsByHash.computeIfPresent(hash, (same, ids) -> {
            Set<String> others = new HashSet<>(ids);
            others.remove(familyId);
            return others.isEmpty() ? null : Set.copyOf(others);
        });
    }

    /** How many hashes are indexed. */
    int size() {
        return idsByHash.size();
    }
}
