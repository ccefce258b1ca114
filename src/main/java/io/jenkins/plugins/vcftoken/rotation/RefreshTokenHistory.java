package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Current token of a family and hashes of its former tokens.
 *
 * @param current the token of the last response
 * @param formerHashes the hashes of rotated tokens, oldest first, at most {@link #MAX_FORMER}; all but the last
 *     {@link #RECENT} are {@link TokenHasher#brief}
 * @param generation number of rotations
 * @param nonRotating whether the last response did not rotate the token, so that it can be sent again
 * @param expiresAt expiry of the current token; null when it does not expire or the expiry is unknown
 */
public record RefreshTokenHistory(
        String initialTokenHash,
        String current,
        List<String> formerHashes,
        long generation,
        boolean nonRotating,
        @CheckForNull Instant expiresAt) {

    /** Three days of constant use. */
    static final int RECENT = 100;

    /** Three months of constant use. Of the older tokens only the initial one is recognized. */
    static final int MAX_FORMER = 3_000;

    public RefreshTokenHistory {
        formerHashes = List.copyOf(formerHashes);
    }

    /** For a token with unknown expiry. */
    public RefreshTokenHistory(
            String initialTokenHash, String current, List<String> formerHashes, long generation, boolean nonRotating) {
        this(initialTokenHash, current, formerHashes, generation, nonRotating, null);
    }

    static RefreshTokenHistory of(String initialToken, TokenHasher hashes) {
        return of(initialToken, 0, hashes);
    }

    /** @param generation of an unreadable history that the new one continues */
    static RefreshTokenHistory of(String initialToken, long generation, TokenHasher hashes) {
        return new RefreshTokenHistory(hashes.ofToken(initialToken), initialToken, List.of(), generation, false);
    }

    /**
     * Continues the history with the token of a new authorization. Adds the empty token, so that a credential that a
     * file restores without a token still belongs to the authorized account.
     */
    RefreshTokenHistory authorizedTo(String next, TokenHasher hashes) {
        RefreshTokenHistory rotated = rotatedTo(next, hashes);
        String emptyHash = hashes.ofToken("");
        if (rotated.isFormer(emptyHash)) {
            return rotated;
        }
        List<String> former = new ArrayList<>(rotated.formerHashes);
        former.add(emptyHash);
        return new RefreshTokenHistory(initialTokenHash, next, bounded(former, hashes), rotated.generation, false);
    }

    boolean isFormer(String hash) {
        return generation > 0
                && (initialTokenHash.equals(hash)
                        || formerHashes.contains(hash)
                        || formerHashes.contains(TokenHasher.brief(hash)));
    }

    /** Hashes of all tokens of the family, except the {@link #briefHashes}. */
    Set<String> fullHashes(TokenHasher hashes) {
        Set<String> all = new HashSet<>(formerHashes.subList(briefCount(), formerHashes.size()));
        all.add(initialTokenHash);
        all.add(hashes.ofToken(current));
        String emptyHash = hashes.ofToken("");
        if (isFormer(emptyHash)) {
            all.add(emptyHash);
        }
        return all;
    }

    List<String> briefHashes() {
        return formerHashes.subList(0, briefCount());
    }

    private int briefCount() {
        return Math.max(0, formerHashes.size() - RECENT);
    }

    /** @param next the refresh token of a response, or null */
    RefreshTokenHistory rotatedTo(@CheckForNull String next, TokenHasher hashes) {
        if (next == null || next.equals(current)) {
            return with(true, expiresAt);
        }
        List<String> former = new ArrayList<>(formerHashes);
        former.add(hashes.ofToken(current));
        return new RefreshTokenHistory(initialTokenHash, next, bounded(former, hashes), generation + 1, false);
    }

    /** Continues with the token that another controller has published; the tokens in between may be unknown. */
    RefreshTokenHistory adopting(RefreshTokenHistory published, TokenHasher hashes) {
        RefreshTokenHistory next = published.current.equals(current) ? this : rotatedTo(published.current, hashes);
        long newest = Math.max(next.generation, published.generation);
        Instant expiry = published.expiresAt == null ? next.expiresAt : published.expiresAt;
        return new RefreshTokenHistory(
                initialTokenHash, next.current, next.formerHashes, newest, published.nonRotating, expiry);
    }

    RefreshTokenHistory with(boolean isNonRotating, @CheckForNull Instant expiry) {
        return new RefreshTokenHistory(initialTokenHash, current, formerHashes, generation, isNonRotating, expiry);
    }

    /**
     * Expiry of the current token.
     *
     * @param stored the token that a credential stores: the current one or a former one
     * @param storedExpiry expiry of the stored token according to the credential, or null
     * @return null when unknown
     */
    @CheckForNull
    public Instant expiry(String stored, @CheckForNull Instant storedExpiry) {
        return storedExpiry != null && stored.equals(current) ? storedExpiry : expiresAt;
    }

    /** Removes the oldest hashes, except that of the empty token, which marks an authorized family. */
    private static List<String> bounded(List<String> former, TokenHasher hashes) {
        String emptyHash = TokenHasher.brief(hashes.ofToken(""));
        int firstFull = former.size() - RECENT;
        int firstKept = former.size() - MAX_FORMER;
        List<String> bounded = new ArrayList<>();
        for (int i = 0; i < former.size(); i++) {
            String hash = i < firstFull ? TokenHasher.brief(former.get(i)) : former.get(i);
            if (i >= firstKept || hash.equals(emptyHash)) {
                bounded.add(hash);
            }
        }
        return bounded;
    }

    @Override
    public String toString() {
        return "RefreshTokenHistory[generation " + generation + "]";
    }
}
