package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.util.Arrays;
import java.util.Collection;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Finds many secrets in a line for less than a regular expression finds one, because it does not look at each character.
 * The beginnings of all forms are slid along the line as one window. Three characters at its end tell how far it can go
 * on at least before a form may begin there (S. Wu and U. Manber, "A fast algorithm for multi-pattern searching", 1994);
 * for most of a log that is the whole window. Where a form may begin, a search among the sorted ones finds which. Parts of
 * a token that a tool has broken over several lines are for {@link TokenFragmentMatcher}.
 */
public final class TokenMasker {

    /** What stands for an access token in a log. */
    public static final String MASK = "****";

    static final TokenMasker NONE = new TokenMasker(Set.of(), null);

    /** Shorter texts would mask other things, and are no access tokens. */
    private static final int SHORTEST_FORM = 8;

    /** Longer ones would leap farther, but their ends would be more, and more often look like one of the line. */
    private static final int LONGEST_WINDOW = 32;

    private static final int BLOCK = 3;
    private static final int TABLE = 1 << 10;

    private final NavigableSet<String> forms = new TreeSet<>();

    /** Of the shortest form. */
    private final int least;

    private final int window;

    /** How far the window can go on, by what stands at its end. */
    private final byte[] leaps;

    private final TokenFragmentMatcher parts;

    @CheckForNull
    private final Pattern shape;

    /**
     * @param forms what to look for; what is shorter than eight characters is no access token and is left out
     * @param shape what else to look for; null for nothing
     */
    TokenMasker(Collection<String> forms, @CheckForNull Pattern shape) {
        for (String form : forms) {
            if (form.length() >= SHORTEST_FORM) {
                this.forms.add(form);
            }
        }
        this.least = this.forms.stream().mapToInt(String::length).min().orElse(Integer.MAX_VALUE);
        this.window = Math.min(least, LONGEST_WINDOW);
        this.leaps = this.forms.isEmpty() ? new byte[0] : leaps();
        this.parts = new TokenFragmentMatcher(this.forms);
        this.shape = shape;
    }

    private byte[] leaps() {
        byte[] table = new byte[TABLE];
        Arrays.fill(table, (byte) (window - BLOCK + 1));
        for (String form : forms) {
            for (int end = BLOCK - 1; end < window; end++) {
                int block = block(form, end);
                table[block] = (byte) Math.min(table[block], window - 1 - end);
            }
        }
        return table;
    }

    /** What the three characters up to this one have in common with few others. */
    private static int block(String text, int end) {
        return (text.charAt(end - 2) * 961 + text.charAt(end - 1) * 31 + text.charAt(end)) & TABLE - 1;
    }

    public boolean isEmpty() {
        return forms.isEmpty() && shape == null;
    }

    public boolean matches(String text) {
        return replace(text) != null || parts.replace(text, MASK) != null || shaped(text) != null;
    }

    /** @return the very same string when there is nothing to mask */
    public String mask(String text) {
        String known = replace(text);
        String result = known == null ? text : known;
        String broken = parts.replace(result, MASK);
        result = broken == null ? result : broken;
        String shaped = shaped(result);
        return shaped == null ? result : shaped;
    }

    @CheckForNull
    private String shaped(String text) {
        if (shape == null) {
            return null;
        }
        var matcher = shape.matcher(text);
        return matcher.find() ? matcher.replaceAll(MASK) : null;
    }

    @CheckForNull
    private String replace(String text) {
        int length = text.length();
        if (length < least) {
            return null;
        }
        StringBuilder masked = null;
        int done = 0;
        int end = window - 1;
        while (end < length) {
            int leap = leaps[block(text, end)];
            if (leap > 0) {
                end += leap;
                continue;
            }
            int begin = end - window + 1;
            int found = lengthAt(text, begin);
            if (found == 0) {
                end++;
                continue;
            }
            if (masked == null) {
                masked = new StringBuilder(length);
            }
            masked.append(text, done, begin).append(MASK);
            done = begin + found;
            end = done + window - 1;
        }
        return masked == null ? null : masked.append(text, done, length).toString();
    }

    /** The longest form that the text has at this place, or 0. What sorts next below the text shares most with it. */
    private int lengthAt(String text, int at) {
        String rest = text.substring(at);
        String candidate = forms.floor(rest);
        while (candidate != null) {
            int common = common(candidate, rest);
            if (common == candidate.length()) {
                return common;
            }
            rest = rest.substring(0, common);
            candidate = forms.floor(rest);
        }
        return 0;
    }

    private static int common(String a, String b) {
        int max = Math.min(a.length(), b.length());
        int i = 0;
        while (i < max && a.charAt(i) == b.charAt(i)) {
            i++;
        }
        return i;
    }
}
