package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Replaces access tokens in a text by asterisks: every form of a token as a whole, and parts of {@link
 * #SHORTEST_PART} or more characters, such as the lines into which a tool breaks a token, or a signature alone.
 * Immutable.
 *
 * <p>A hash table has {@link #PIECE} characters of each form at every {@link #STRIDE}th place, so each part of the
 * shortest length contains one of these pieces. A rolling hash (R. Karp and M. Rabin, 1987) looks pieces up, and only
 * where a text has enough characters in a row that occur in tokens. Most of a log has not: the last character of each
 * window is tested first, and the window skips past it (R. Boyer and J. Moore, 1977).
 */
public final class TokenMasker {

    /** Replaces an access token in a log. */
    public static final String MASK = "****";

    /** Shorter forms are ignored: they would mask other text. */
    private static final int SHORTEST_FORM = 8;

    /** Shorter parts are left: they would mask other text. */
    private static final int SHORTEST_PART = 40;

    private static final int PIECE = SHORTEST_FORM;
    private static final int STRIDE = SHORTEST_PART - PIECE + 1;
    private static final int BASE = 0x01000193;

    /** Weight of the first character of a piece in its hash. */
    private static final int FIRST_WEIGHT = IntStream.range(1, PIECE).reduce(1, (weight, at) -> weight * BASE);

    private static final int ASCII = 0x7F;

    private final NavigableSet<String> forms = new TreeSet<>();

    /** Characters of all forms by their lower seven bits; other characters that share these are compared later. */
    private final boolean[] alphabet = new boolean[ASCII + 1];

    /** Linked pieces by hash; null in empty slots. */
    private final Piece[] table;

    /** Length of the shortest run of characters in which there can be a form or a part. */
    private final int shortestRun;

    @CheckForNull
    private final Pattern shape;

    /**
     * @param forms as of {@link TokenEncodings#of}; those of fewer than eight characters are ignored
     * @param shape matches further text to mask, as of {@link TokenEncodings#shape}; null for none
     */
    TokenMasker(Collection<String> forms, @CheckForNull Pattern shape) {
        this.shape = shape;
        forms.stream().filter(form -> form.length() >= SHORTEST_FORM).forEach(this.forms::add);
        this.shortestRun = this.forms.stream()
                .mapToInt(form -> Math.min(form.length(), SHORTEST_PART))
                .min()
                .orElse(Integer.MAX_VALUE);
        Set<String> headers = TokenEncodings.jwtHeaders(this.forms);
        List<Piece> pieces = new ArrayList<>();
        Set<String> known = new HashSet<>();
        for (String form : this.forms) {
            form.chars().forEach(character -> alphabet[character & ASCII] = true);
            int header = headers.stream()
                    .filter(form::startsWith)
                    .mapToInt(String::length)
                    .max()
                    .orElse(0);
            int end = form.length() < SHORTEST_PART ? PIECE : form.length();
            for (int at = 0; at + PIECE <= end; at += STRIDE) {
                // Tokens of one server share long beginnings. One piece represents all that have the same surroundings.
                if (known.add(
                        form.substring(Math.max(0, at - STRIDE + 1), Math.min(form.length(), at + SHORTEST_PART)))) {
                    pieces.add(new Piece(form, at, header));
                }
            }
        }
        this.table = new Piece[Integer.highestOneBit(Math.max(1, pieces.size())) * 4];
        for (Piece piece : pieces) {
            int slot = slot(piece.hash);
            piece.next = table[slot];
            table[slot] = piece;
        }
    }

    /** Some characters of a form, by which the form and its parts are found. */
    private static final class Piece {
        final String form;
        final int at;
        final int hash;

        /** Length of the header that all tokens of the server share: no part by itself. */
        final int header;

        @CheckForNull
        Piece next;

        Piece(String form, int at, int header) {
            this.form = form;
            this.at = at;
            this.hash = hash(form, at);
            this.header = header;
        }
    }

    private record Match(int begin, int end) {}

    @Override
    public boolean equals(@CheckForNull Object other) {
        return other instanceof TokenMasker masker && forms.equals(masker.forms) && Objects.equals(shape, masker.shape);
    }

    @Override
    public int hashCode() {
        return forms.hashCode();
    }

    public boolean matches(String text) {
        return !mask(text).equals(text);
    }

    /** @return the same object when there is nothing to mask */
    public String mask(String text) {
        // The shape first: tokens of one server share their beginning, and without it the rest has no shape.
        return maskForms(shape == null ? text : shape.matcher(text).replaceAll(MASK));
    }

    private String maskForms(String text) {
        StringBuilder masked = null;
        int done = 0;
        int begin = 0;
        while (begin <= text.length() - shortestRun) {
            int end = begin + shortestRun;
            int other = lastOther(text, begin, end);
            if (other >= begin) {
                begin = other + 1;
                continue;
            }
            while (end < text.length() && isOfToken(text.charAt(end))) {
                end++;
            }
            for (Match match = find(text, begin, end); match != null; match = find(text, done, end)) {
                if (masked == null) {
                    masked = new StringBuilder(text.length());
                }
                masked.append(text, done, match.begin()).append(MASK);
                done = match.end();
            }
            begin = end + 1;
        }
        return masked == null ? text : masked.append(text, done, text.length()).toString();
    }

    /** @return the last index of a character that no form contains; less than {@code begin} for none */
    private int lastOther(String text, int begin, int end) {
        int at = end - 1;
        while (at >= begin && isOfToken(text.charAt(at))) {
            at--;
        }
        return at;
    }

    private boolean isOfToken(char character) {
        return alphabet[character & ASCII];
    }

    /** @return the first form or part between the two indexes, and the longest there; null for none */
    @CheckForNull
    private Match find(String text, int begin, int end) {
        if (end - begin < shortestRun) {
            return null;
        }
        int hash = hash(text, begin);
        for (int at = begin; ; at++) {
            Match longest = null;
            for (Piece piece = table[slot(hash)]; piece != null; piece = piece.next) {
                Match match = piece.hash == hash ? match(text, at, begin, end, piece) : null;
                if (match != null && (longest == null || match.end() > longest.end())) {
                    longest = match;
                }
            }
            if (longest != null || at == end - PIECE) {
                return longest;
            }
            hash = (hash - text.charAt(at) * FIRST_WEIGHT) * BASE + text.charAt(at + PIECE);
        }
    }

    /** Compares the text on both sides of an index with the surroundings of a piece. */
    @CheckForNull
    private Match match(String text, int at, int begin, int end, Piece piece) {
        String form = piece.form;
        int right = common(text, at, end, form, piece.at);
        if (right < PIECE) {
            return null;
        }
        int left = 0;
        int most = Math.min(at - begin, piece.at);
        while (left < most && text.charAt(at - left - 1) == form.charAt(piece.at - left - 1)) {
            left++;
        }
        int length = left + right;
        if (left == piece.at) {
            length = Math.max(length, longestForm(text.substring(at - left, end)));
        }
        boolean isPart = length >= Math.min(SHORTEST_PART, form.length()) && piece.at - left + length > piece.header;
        return isPart ? new Match(at - left, at - left + length) : null;
    }

    /** @return the length of the longest form that the text begins with; 0 for none */
    private int longestForm(String text) {
        String rest = text;
        String candidate = forms.floor(rest);
        while (candidate != null) {
            int common = common(rest, 0, rest.length(), candidate, 0);
            if (common == candidate.length()) {
                return common;
            }
            // What sorts next below has the most in common. Only shorter beginnings are left.
            rest = rest.substring(0, common);
            candidate = forms.floor(rest);
        }
        return 0;
    }

    private static int common(String text, int at, int end, String form, int formAt) {
        int most = Math.min(end - at, form.length() - formAt);
        int common = 0;
        while (common < most && text.charAt(at + common) == form.charAt(formAt + common)) {
            common++;
        }
        return common;
    }

    private static int hash(String text, int at) {
        int hash = 0;
        for (int i = at; i < at + PIECE; i++) {
            hash = hash * BASE + text.charAt(i);
        }
        return hash;
    }

    /** Of the multiplied hash, the upper bits depend on all characters. */
    private int slot(int hash) {
        return ((hash * 0x9E3779B9) >>> 7) & (table.length - 1);
    }
}
