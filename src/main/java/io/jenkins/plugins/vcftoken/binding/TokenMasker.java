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
 * Replaces tokens in a text with asterisks: complete encoded forms, and fragments of at least {@link
 * #MIN_FRAGMENT_LENGTH} characters, such as a signature, or the lines into which a tool wraps a token. Immutable.
 *
 * <p>A hash table contains the {@link #PIECE_LENGTH} characters of each form at every {@link #STRIDE}th index, so that
 * each fragment of the minimum length contains at least one of these pieces. The pieces are looked up with a rolling
 * hash (Rabin–Karp), only in runs of characters that occur in tokens. Other text is skipped as in Boyer–Moore: the last
 * character of each window is tested first.
 */
public final class TokenMasker {

    /** Replacement of a token in a log. */
    public static final String MASK = "****";

    /** Shorter forms are ignored, because they could match unrelated text. */
    private static final int MIN_FORM_LENGTH = 8;

    /** Shorter fragments are not masked, because they could match unrelated text. */
    private static final int MIN_FRAGMENT_LENGTH = 40;

    private static final int PIECE_LENGTH = MIN_FORM_LENGTH;
    private static final int STRIDE = MIN_FRAGMENT_LENGTH - PIECE_LENGTH + 1;
    private static final int HASH_BASE = 0x01000193;

    /** Weight of the first character in the hash of a piece. */
    private static final int FIRST_WEIGHT =
            IntStream.range(1, PIECE_LENGTH).reduce(1, (weight, index) -> weight * HASH_BASE);

    private static final int ASCII_MASK = 0x7F;

    private final NavigableSet<String> forms = new TreeSet<>();

    /** Characters of all forms by their lower seven bits. Collisions are resolved by later comparison. */
    private final boolean[] alphabet = new boolean[ASCII_MASK + 1];

    /** Linked lists of pieces by hash; null in empty slots. */
    private final Piece[] table;

    /** Minimum length of a run of characters that can contain a form or fragment. */
    private final int minRunLength;

    @CheckForNull
    private final Pattern jwtPattern;

    /**
     * @param forms from {@link TokenEncodings#of}; forms with fewer than {@value #MIN_FORM_LENGTH} characters are
     *     ignored
     * @param jwtPattern matches additional text to mask, from {@link TokenEncodings#jwtPattern}; may be null
     */
    TokenMasker(Collection<String> forms, @CheckForNull Pattern jwtPattern) {
        this.jwtPattern = jwtPattern;
        forms.stream().filter(form -> form.length() >= MIN_FORM_LENGTH).forEach(this.forms::add);
        this.minRunLength = this.forms.stream()
                .mapToInt(form -> Math.min(form.length(), MIN_FRAGMENT_LENGTH))
                .min()
                .orElse(Integer.MAX_VALUE);
        Set<String> headers = TokenEncodings.jwtHeaders(this.forms);
        List<Piece> pieces = new ArrayList<>();
        Set<String> known = new HashSet<>();
        for (String form : this.forms) {
            form.chars().forEach(character -> alphabet[character & ASCII_MASK] = true);
            int header = headers.stream()
                    .filter(candidate -> form.startsWith(candidate) && !this.forms.contains(candidate))
                    .mapToInt(String::length)
                    .max()
                    .orElse(0);
            int end = form.length() < MIN_FRAGMENT_LENGTH ? PIECE_LENGTH : form.length();
            for (int index = 0; index + PIECE_LENGTH <= end; index += STRIDE) {
                // Tokens of one server share long prefixes. One piece represents all with the same context.
                if (known.add(form.substring(
                        Math.max(0, index - STRIDE + 1), Math.min(form.length(), index + MIN_FRAGMENT_LENGTH)))) {
                    pieces.add(new Piece(form, index, header));
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

    /** Characters of a form that locate the form and its fragments. */
    private static final class Piece {
        final String form;
        final int offset;
        final int hash;

        /** Length of the JWT header, which all tokens of a server share, and which is not masked by itself. */
        final int header;

        @CheckForNull
        Piece next;

        Piece(String form, int offset, int header) {
            this.form = form;
            this.offset = offset;
            this.hash = hash(form, offset);
            this.header = header;
        }
    }

    private record Match(int begin, int end) {}

    @Override
    public boolean equals(@CheckForNull Object other) {
        return other instanceof TokenMasker masker
                && forms.equals(masker.forms)
                && Objects.equals(jwtPattern, masker.jwtPattern);
    }

    @Override
    public int hashCode() {
        return forms.hashCode();
    }

    public boolean matches(String text) {
        return !mask(text).equals(text);
    }

    /** @return the same object if there is nothing to mask */
    public String mask(String text) {
        // Must precede maskForms(), which masks the prefix that tokens of one server share, so that the rest would no
        // longer match the pattern.
        return maskForms(jwtPattern == null ? text : jwtPattern.matcher(text).replaceAll(MASK));
    }

    private String maskForms(String text) {
        StringBuilder masked = null;
        int done = 0;
        int begin = 0;
        while (begin <= text.length() - minRunLength) {
            int end = begin + minRunLength;
            int other = lastIndexOutsideAlphabet(text, begin, end);
            if (other >= begin) {
                begin = other + 1;
                continue;
            }
            while (end < text.length() && isTokenCharacter(text.charAt(end))) {
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

    /** @return last index of a character that does not occur in any form; less than {@code begin} if there is none */
    private int lastIndexOutsideAlphabet(String text, int begin, int end) {
        int index = end - 1;
        while (index >= begin && isTokenCharacter(text.charAt(index))) {
            index--;
        }
        return index;
    }

    private boolean isTokenCharacter(char character) {
        return alphabet[character & ASCII_MASK];
    }

    /** @return longest match at the first index with a match in the range, or null */
    @CheckForNull
    private Match find(String text, int begin, int end) {
        if (end - begin < minRunLength) {
            return null;
        }
        int hash = hash(text, begin);
        for (int index = begin; ; index++) {
            Match longest = null;
            for (Piece piece = table[slot(hash)]; piece != null; piece = piece.next) {
                Match match = piece.hash == hash ? match(text, index, begin, end, piece) : null;
                if (match != null && (longest == null || match.end() > longest.end())) {
                    longest = match;
                }
            }
            if (longest != null || index == end - PIECE_LENGTH) {
                return longest;
            }
            hash = (hash - text.charAt(index) * FIRST_WEIGHT) * HASH_BASE + text.charAt(index + PIECE_LENGTH);
        }
    }

    /** Extends the match of a piece to both sides. */
    @CheckForNull
    private Match match(String text, int index, int begin, int end, Piece piece) {
        String form = piece.form;
        int right = commonPrefixLength(text, index, end, form, piece.offset);
        if (right < PIECE_LENGTH) {
            return null;
        }
        int left = 0;
        int limit = Math.min(index - begin, piece.offset);
        while (left < limit && text.charAt(index - left - 1) == form.charAt(piece.offset - left - 1)) {
            left++;
        }
        int length = left + right;
        if (left == piece.offset) {
            length = Math.max(length, longestForm(text.substring(index - left, end)));
        }
        boolean isMatch =
                length >= Math.min(MIN_FRAGMENT_LENGTH, form.length()) && piece.offset - left + length > piece.header;
        return isMatch ? new Match(index - left, index - left + length) : null;
    }

    /** @return length of the longest form that is a prefix of the text; 0 if there is none */
    private int longestForm(String text) {
        String rest = text;
        String candidate = forms.floor(rest);
        while (candidate != null) {
            int common = commonPrefixLength(rest, 0, rest.length(), candidate, 0);
            if (common == candidate.length()) {
                return common;
            }
            // The greatest lesser form has the longest common prefix. Only shorter prefixes remain.
            rest = rest.substring(0, common);
            candidate = forms.floor(rest);
        }
        return 0;
    }

    private static int commonPrefixLength(String text, int index, int end, String form, int formIndex) {
        int limit = Math.min(end - index, form.length() - formIndex);
        int common = 0;
        while (common < limit && text.charAt(index + common) == form.charAt(formIndex + common)) {
            common++;
        }
        return common;
    }

    private static int hash(String text, int index) {
        int hash = 0;
        for (int i = index; i < index + PIECE_LENGTH; i++) {
            hash = hash * HASH_BASE + text.charAt(i);
        }
        return hash;
    }

    /** Uses the upper bits of the product, which depend on all characters. */
    private int slot(int hash) {
        return ((hash * 0x9E3779B9) >>> 7) & (table.length - 1);
    }
}
