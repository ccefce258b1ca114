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
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;

/** Which families a token leads to, and their warm access tokens: what a block needs when nothing has to be exchanged. */
final class TokenFamilyCache {

    /**
     * What memory keeps of a family.
     *
     * @param accessToken the last one known here, or null
     * @param proven whether the secret is beyond doubt this endpoint's own, and nobody else's: it rotates, and this
     *     endpoint has answered it with an access token. A password may be the same in two places.
     * @param nonRotating whether the server is known to leave the secret as it is
     * @param currentHash the hash of the current token
     * @param hashes of all tokens that are remembered in full
     * @param old the beginnings of the hashes of tokens that were rotated away long ago
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
            List<String> old,
            long generation,
            Set<CredentialLocation> locations) {

        boolean isAt(Account other) {
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
    private final Set<String> troubled = ConcurrentHashMap.newKeySet();
    private final AtomicLong alarms = new AtomicLong();

    /** Which records of the ledger have been read, so that a token that none knows does not cost reading all again. */
    private final Map<String, Object> read = new HashMap<>();

    TokenFamilyCache(TokenLedger ledger, TokenHash hashes) {
        this.ledger = ledger;
        this.hashes = hashes;
    }

    /** The family of a token at an endpoint, from memory alone. */
    @CheckForNull
    Entry warm(String hash, Account account, CredentialLocation location) {
        return among(known(hash), hash, account, location);
    }

    /** The same, if its access token may be handed out at this place without asking anybody. */
    @CheckForNull
    Entry cached(String hash, Account account, CredentialLocation location, Instant now) {
        Entry warm = warm(hash, account, location);
        AccessToken accessToken = warm == null ? null : warm.accessToken();
        return accessToken != null && warm.locations().contains(location) && accessToken.isAlive(now) ? warm : null;
    }

    /**
     * Which one a token leads to. There are several where an account was authorized anew at one of the places that its
     * former token is stored at: then the place decides.
     *
     * @return null when there is none at this endpoint
     */
    @CheckForNull
    static Entry among(List<Entry> known, String hash, Account account, CredentialLocation location) {
        return known.stream()
                .filter(entry -> entry.isAt(account))
                .max(Comparator.comparingLong(
                                (Entry entry) -> entry.locations().contains(location) ? entry.generation() : -1)
                        .thenComparing(entry -> entry.currentHash().equals(hash)))
                .orElse(null);
    }

    /**
     * Every family that the token belongs or belonged to. Reads the ledger where memory knows none: another process may
     * have rotated it there.
     */
    List<Entry> find(String hash) throws IOException {
        List<Entry> known = known(hash);
        if (known.isEmpty()) {
            catchUp();
            known = known(hash);
        }
        return known;
    }

    /** The same families as the ledger has them now: another process may have gone on with one that memory knows. */
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
     * Reads what other processes have written of families that are not known here. One at a time: whoever comes second,
     * and is not given again what the first one was, must find it here.
     */
    synchronized void catchUp() throws IOException {
        boolean done = false;
        try {
            for (TokenFamily record : ledger.loadChanged(read)) {
                entries.putIfAbsent(record.id(), index(record, true));
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
            return ids.stream().map(entries::get).filter(entry -> entry != null).toList();
        }
        // Not worth memory of its own, since it is asked for when a backup comes back.
        String brief = TokenHash.brief(hash);
        return entries.values().stream()
                .filter(entry -> entry.old().contains(brief))
                .toList();
    }

    /** @param durable whether the record is in the ledger */
    Entry put(TokenFamily record, boolean durable) {
        Entry entry = index(record, durable);
        Entry before = entries.put(record.id(), entry);
        if (before != null) {
            unindex(before, entry);
        }
        boolean isTroubled =
                record.state() == TokenFamilyStatus.REJECTED || record.state() == TokenFamilyStatus.UNKNOWN;
        if (isTroubled ? troubled.add(record.id()) : troubled.remove(record.id())) {
            alarms.incrementAndGet();
        }
        return entry;
    }

    /** @return what was known, or null */
    @CheckForNull
    Entry forget(String familyId) {
        Entry entry = entries.remove(familyId);
        if (entry != null) {
            entry.hashes().forEach(hash -> unindex(hash, familyId));
        }
        return entry;
    }

    /** Undoes {@link #forget}, unless there is something newer. */
    void restore(String familyId, Entry entry) {
        if (entries.putIfAbsent(familyId, entry) == null) {
            entry.hashes().forEach(hash -> index(hash, familyId));
        }
    }

    /** Grows whenever a family gets into trouble or out of it. */
    long alarms() {
        return alarms.get();
    }

    boolean knows(String familyId) {
        return entries.containsKey(familyId);
    }

    private Entry index(TokenFamily record, boolean durable) {
        TokenHistory tokens = record.tokens();
        String currentHash = hashes.ofToken(tokens.current());
        Set<String> known = tokens.inFull(hashes);
        known.forEach(hash -> index(hash, record.id()));
        boolean proven = durable && record.isProven();
        return new Entry(
                record.id(),
                record.account(),
                record.state(),
                record.accessToken(),
                proven,
                tokens.nonRotating(),
                currentHash,
                Set.copyOf(known),
                tokens.inBrief(),
                tokens.generation(),
                record.locations());
    }

    private void index(String hash, String familyId) {
        idsByHash.merge(hash, Set.of(familyId), (old, added) -> {
            if (old.containsAll(added)) {
                return old;
            }
            Set<String> both = new HashSet<>(old);
            both.addAll(added);
            return Set.copyOf(both);
        });
    }

    /** Or each rotation would cost memory for good. */
    private void unindex(Entry before, Entry after) {
        for (String hash : before.hashes()) {
            if (!after.hashes().contains(hash)) {
                unindex(hash, before.familyId());
            }
        }
    }

    private void unindex(String hash, String familyId) {
        idsByHash.computeIfPresent(hash, (same, ids) -> {
            Set<String> others = new HashSet<>(ids);
            others.remove(familyId);
            return others.isEmpty() ? null : Set.copyOf(others);
        });
    }

    /** How many hashes memory has. */
    int size() {
        return idsByHash.size();
    }
}
