package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A family's current token and the hashes of all others.
 *
 * @param initialTokenHash the hash of the first token
 * @param current the token that the server accepts now, as far as is known
 * @param formerHashes the hashes of rotated tokens, oldest first, at most {@link #MAX_FORMER}; all but the last
 *     {@link #RECENT} are {@link TokenHash#brief}
 * @param generation how often the token has rotated
 * @param nonRotating whether the last response left the token as it was, so that the server expects it again
 * @param expiresAt when the server stops accepting the current token; null when it does not, or that is not known
 */
public record TokenHistory(
        String initialTokenHash,
        String current,
        List<String> formerHashes,
        long generation,
        boolean nonRotating,
        @CheckForNull Instant expiresAt) {

    /** Three days of constant use. */
    static final int RECENT = 100;

    /** Three months of constant use. An older copy is only recognized if it is the initial token. */
    static final int MAX_FORMER = 3_000;

    public TokenHistory {
        formerHashes = List.copyOf(formerHashes);
    }

    /** Of a token whose expiry is not known. */
    public TokenHistory(
            String initialTokenHash, String current, List<String> formerHashes, long generation, boolean nonRotating) {
        this(initialTokenHash, current, formerHashes, generation, nonRotating, null);
    }

    static TokenHistory of(String initialToken, TokenHash hashes) {
        return of(initialToken, 0, hashes);
    }

    /** @param generation of a history that cannot be read, so that its continuation is newer */
    static TokenHistory of(String initialToken, long generation, TokenHash hashes) {
        return new TokenHistory(hashes.ofToken(initialToken), initialToken, List.of(), generation, false);
    }

    /**
     * Continues the history with the token of a new authorization. The empty token becomes part of it: a credential
     * that a file restores without a token still belongs to the authorized account.
     */
    TokenHistory authorizedTo(String next, TokenHash hashes) {
        TokenHistory further = rotatedTo(next, hashes);
        String nothing = hashes.ofToken("");
        if (further.isFormer(nothing)) {
            return further;
        }
        List<String> former = new ArrayList<>(further.formerHashes);
        former.add(nothing);
        return new TokenHistory(initialTokenHash, next, bounded(former, hashes), further.generation, false);
    }

    boolean isFormer(String hash) {
        return generation > 0
                && (initialTokenHash.equals(hash)
                        || formerHashes.contains(hash)
                        || formerHashes.contains(TokenHash.brief(hash)));
    }

    /** The hashes of all tokens of the family, without those that are {@link #briefHashes}. */
    Set<String> fullHashes(TokenHash hashes) {
        Set<String> all = new HashSet<>(formerHashes.subList(briefs(), formerHashes.size()));
        all.add(initialTokenHash);
        all.add(hashes.ofToken(current));
        String nothing = hashes.ofToken("");
        if (isFormer(nothing)) {
            all.add(nothing);
        }
        return all;
    }

    List<String> briefHashes() {
        return formerHashes.subList(0, briefs());
    }

    private int briefs() {
        return Math.max(0, formerHashes.size() - RECENT);
    }

    /** @param next the refresh token of a response; null when it had none */
    TokenHistory rotatedTo(@CheckForNull String next, TokenHash hashes) {
        if (next == null || next.equals(current)) {
            return with(true, expiresAt);
        }
        List<String> former = new ArrayList<>(formerHashes);
        former.add(hashes.ofToken(current));
        return new TokenHistory(initialTokenHash, next, bounded(former, hashes), generation + 1, false);
    }

    /** Continues with the token that another controller has published. How it came to that one is unknown here. */
    TokenHistory adopting(TokenHistory published, TokenHash hashes) {
        TokenHistory next = published.current.equals(current) ? this : rotatedTo(published.current, hashes);
        long newest = Math.max(next.generation, published.generation);
        return new TokenHistory(
                initialTokenHash, next.current, next.formerHashes, newest, published.nonRotating, published.expiresAt);
    }

    TokenHistory with(boolean isNonRotating, @CheckForNull Instant expiry) {
        return new TokenHistory(initialTokenHash, current, formerHashes, generation, isNonRotating, expiry);
    }

    /**
     * When the current token expires.
     *
     * @param stored the token that a credential stores: the current one, or a former one
     * @param told when that one expires, as its credential says; null where it does not say
     * @return null when unknown
     */
    @CheckForNull
    public Instant expiry(String stored, @CheckForNull Instant told) {
        return told != null && stored.equals(current) ? told : expiresAt;
    }

    /** Without the oldest hashes; the hash of the empty token, the mark of an authorized family, always stays. */
    private static List<String> bounded(List<String> former, TokenHash hashes) {
        String nothing = TokenHash.brief(hashes.ofToken(""));
        int whole = former.size() - RECENT;
        int old = former.size() - MAX_FORMER;
        List<String> bounded = new ArrayList<>();
        for (int i = 0; i < former.size(); i++) {
            String hash = i < whole ? TokenHash.brief(former.get(i)) : former.get(i);
            if (i >= old || hash.equals(nothing)) {
                bounded.add(hash);
            }
        }
        return bounded;
    }

    @Override
    public String toString() {
        return "TokenHistory[generation " + generation + "]";
    }
}
