package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Finds parts of known access tokens, as tools leave them that break long lines: runs of {@link #SHORTEST} or more
 * characters that occur in a form of a token. A signature alone is such a part.
 *
 * <p>Of each form, every {@link #STRIDE}th piece of {@link #PIECE} characters is in a hash table: a part of the shortest
 * length has one of these at least. A text is looked at where it has that many characters in a row of which tokens
 * consist, which is rare: the last of them is looked at first, so that most others are leaped over (R. Boyer and J.
 * Moore). Only there, a rolling hash (R. Karp and M. Rabin) asks the table.
 */
final class TokenFragmentMatcher {

    /** Shorter runs would mask other things. */
    static final int SHORTEST = 40;

    private static final int PIECE = 16;
    private static final int STRIDE = SHORTEST - PIECE + 1;
    private static final int BASE = 0x01000193;

    /** What the oldest character of a piece counts. */
    private static final int OLDEST = power(PIECE - 1);

    private static final int ASCII = 128;

    /** Shorter ones are shared by tokens of other servers as well, and are no part on their own. */
    private static final int SHORTEST_HEADER = 16;

    private final String[] forms;

    /** How many characters at the beginning of each form all tokens of its server have in common: a JWT's header. */
    private final int[] common;

    /** How many pieces the forms before each one have. */
    private final int[] firstPieces;

    /** By hash, with linear probing: the number of a piece plus one, or 0. */
    private final int[] table;

    /** Of which tokens consist; whatever is not ASCII ends a part. */
    private final boolean[] alphabet = new boolean[ASCII];

    TokenFragmentMatcher(Collection<String> all) {
        this.forms =
                all.stream().filter(form -> form.length() >= SHORTEST).sorted().toArray(String[]::new);
        this.common = new int[forms.length];
        this.firstPieces = new int[forms.length];
        List<String> headers = headers();
        List<Integer> different = new ArrayList<>();
        Set<String> known = new HashSet<>();
        int pieces = 0;
        for (int i = 0; i < forms.length; i++) {
            String form = forms[i];
            firstPieces[i] = pieces;
            common[i] = headers.stream()
                    .filter(form::startsWith)
                    .mapToInt(String::length)
                    .max()
                    .orElse(0);
            form.chars().filter(character -> character < ASCII).forEach(character -> alphabet[character] = true);
            for (int at = 0; at + PIECE <= form.length(); at += STRIDE) {
                // Where tokens have more in common than the shortest part, one of them stands for all.
                if (known.add(form.substring(Math.max(0, at - STRIDE + 1), Math.min(form.length(), at + SHORTEST)))) {
                    different.add(pieces);
                }
                pieces++;
            }
        }
        this.table = new int[Integer.highestOneBit(Math.max(1, different.size())) * 4];
        different.forEach(this::enter);
    }

    /** Of JSON Web Tokens, as such and in base64, where they begin the forms of the tokens. */
    private List<String> headers() {
        Set<String> plain = new HashSet<>();
        for (String form : forms) {
            int dot = form.indexOf('.');
            if (dot >= SHORTEST_HEADER && form.startsWith("eyJ")) {
                plain.add(form.substring(0, dot));
            }
        }
        List<String> headers = new ArrayList<>(plain);
        plain.forEach(header -> headers.addAll(TokenEncodings.base64(header)));
        return headers;
    }

    private void enter(int piece) {
        int form = formOf(piece);
        int at = (piece - firstPieces[form]) * STRIDE;
        int entry = entry(hash(forms[form], at));
        while (table[entry] != 0) {
            entry = next(entry);
        }
        table[entry] = piece + 1;
    }

    private int formOf(int piece) {
        int low = 0;
        int high = forms.length - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (firstPieces[middle] <= piece) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    /** @return null when there is no part in it */
    @CheckForNull
    String replace(String text, String mask) {
        if (forms.length == 0) {
            return null;
        }
        int length = text.length();
        StringBuilder masked = null;
        int done = 0;
        int begin = 0;
        while (begin + SHORTEST <= length) {
            int other = lastOther(text, begin, begin + SHORTEST);
            if (other >= 0) {
                begin = other + 1;
                continue;
            }
            int end = begin + SHORTEST;
            while (end < length && isOfToken(text.charAt(end))) {
                end++;
            }
            for (long part = find(text, begin, end); part >= 0; part = find(text, done, end)) {
                if (masked == null) {
                    masked = new StringBuilder(length);
                }
                masked.append(text, done, (int) (part >> 32)).append(mask);
                done = (int) part;
            }
            begin = end + 1;
        }
        return masked == null ? null : masked.append(text, done, length).toString();
    }

    /** @return the last place of a character that no token has; negative for none */
    private int lastOther(String text, int begin, int end) {
        int at = end - 1;
        while (at >= begin && isOfToken(text.charAt(at))) {
            at--;
        }
        return at < begin ? -1 : at;
    }

    private boolean isOfToken(char character) {
        return character < ASCII && alphabet[character];
    }

    /** @return begin and end of the first part, in the upper and the lower half; negative for none */
    private long find(String text, int begin, int end) {
        if (end - begin < SHORTEST) {
            return -1;
        }
        int hash = hash(text, begin);
        int last = end - PIECE;
        for (int at = begin; ; at++) {
            for (int entry = entry(hash); table[entry] != 0; entry = next(entry)) {
                long part = partAt(text, at, begin, end, table[entry] - 1);
                if (part >= 0) {
                    return part;
                }
            }
            if (at == last) {
                return -1;
            }
            hash = (hash - text.charAt(at) * OLDEST) * BASE + text.charAt(at + PIECE);
        }
    }

    /** What the text from here on, and before, has in common with the surroundings of a piece. */
    private long partAt(String text, int at, int begin, int end, int piece) {
        int number = formOf(piece);
        String form = forms[number];
        int location = (piece - firstPieces[number]) * STRIDE;
        int right = 0;
        int most = Math.min(end - at, form.length() - location);
        while (right < most && text.charAt(at + right) == form.charAt(location + right)) {
            right++;
        }
        if (right < PIECE) {
            return -1;
        }
        int left = 0;
        int before = Math.min(at - begin, location);
        while (left < before && text.charAt(at - left - 1) == form.charAt(location - left - 1)) {
            left++;
        }
        boolean isPart = left + right >= SHORTEST && location + right > common[number];
        return isPart ? ((long) (at - left) << 32) | (at + right) : -1;
    }

    private static int hash(String text, int at) {
        int hash = 0;
        for (int i = at; i < at + PIECE; i++) {
            hash = hash * BASE + text.charAt(i);
        }
        return hash;
    }

    /** The upper bits depend on all characters. */
    private int entry(int hash) {
        return ((hash * 0x9E3779B9) >>> 7) & (table.length - 1);
    }

    private int next(int entry) {
        return (entry + 1) & (table.length - 1);
    }

    private static int power(int exponent) {
        int power = 1;
        for (int i = 0; i < exponent; i++) {
            power *= BASE;
        }
        return power;
    }
}
