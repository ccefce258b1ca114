package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A family's tokens: the one that lives, and what is remembered of the others.
 *
 * @param initialTokenHash the hash of the first one
 * @param current the token the server accepts now, as far as is known
 * @param formerHashes the hashes of those rotated away, oldest first, bounded; of all but the {@link #RECENT} last ones
 *     the beginning, see {@link TokenHash#brief}
 * @param generation how often it has rotated
 * @param nonRotating whether the last answer left the token as it was: then sending it again is what the server expects
 */
public record TokenHistory(
        String initialTokenHash, String current, List<String> formerHashes, long generation, boolean nonRotating) {

    /** Three days of constant use. */
    static final int RECENT = 100;

    /** Three months of constant use. A copy older than that is recognized only if it is the initial token. */
    static final int MAX_FORMER = 3_000;

    public TokenHistory {
        formerHashes = List.copyOf(formerHashes);
    }

    static TokenHistory of(String initialToken, TokenHash hashes) {
        return of(initialToken, 0, hashes);
    }

    /** @param generation of a history that cannot be read: what goes on from here is newer than that */
    static TokenHistory of(String initialToken, long generation, TokenHash hashes) {
        return new TokenHistory(hashes.ofToken(initialToken), initialToken, List.of(), generation, false);
    }

    /**
     * The same history, and a token that the server issued anew. An empty credential belongs to it as well: one that a
     * file brings back without a token is still the one that was authorized.
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

    /** The hashes of all tokens that belong here, but for those of which only the beginning is known. */
    Set<String> inFull(TokenHash hashes) {
        Set<String> all = new HashSet<>(formerHashes.subList(briefs(), formerHashes.size()));
        all.add(initialTokenHash);
        all.add(hashes.ofToken(current));
        String nothing = hashes.ofToken("");
        if (isFormer(nothing)) {
            all.add(nothing);
        }
        return all;
    }

    /** Those former hashes of which only the beginning is known. */
    List<String> inBrief() {
        return formerHashes.subList(0, briefs());
    }

    private int briefs() {
        return Math.max(0, formerHashes.size() - RECENT);
    }

    /** @param next what came with a grant; null when nothing did */
    TokenHistory rotatedTo(@CheckForNull String next, TokenHash hashes) {
        if (next == null || next.equals(current)) {
            return new TokenHistory(initialTokenHash, current, formerHashes, generation, true);
        }
        List<String> former = new ArrayList<>(formerHashes);
        former.add(hashes.ofToken(current));
        return new TokenHistory(initialTokenHash, next, bounded(former, hashes), generation + 1, false);
    }

    /** Without the oldest. But that the family was authorized, and so belongs to an empty credential, never is too old. */
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
