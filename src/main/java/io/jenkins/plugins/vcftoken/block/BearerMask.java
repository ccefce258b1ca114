package io.jenkins.plugins.vcftoken.block;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.util.Collection;
import java.util.HashSet;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Finds many secrets in a line for little more than the price of one. Bearers of one issuer begin alike, so a look at
 * eight characters tells for almost every place of a line that none begins there; where one may, a binary search finds
 * which.
 */
public final class BearerMask {

    /** What stands for a bearer in a log. */
    public static final String MASK = "****";

    static final BearerMask NONE = new BearerMask(Set.of(), null);

    private static final int PREFIX = 8;

    private final NavigableSet<String> forms = new TreeSet<>();
    private final Set<Long> prefixes = new HashSet<>();

    @CheckForNull
    private final Pattern shape;

    /**
     * @param forms what to look for; what is shorter than eight characters is no bearer and is left out
     * @param shape what else to look for; null for nothing
     */
    BearerMask(Collection<String> forms, @CheckForNull Pattern shape) {
        for (String form : forms) {
            if (form.length() >= PREFIX) {
                this.forms.add(form);
                prefixes.add(prefix(form, 0));
            }
        }
        this.shape = shape;
    }

    public boolean isEmpty() {
        return forms.isEmpty() && shape == null;
    }

    public boolean matches(String text) {
        return text.length() >= PREFIX && (replace(text) != null || shaped(text) != null);
    }

    /** @return the very same string when there is nothing to mask */
    public String mask(String text) {
        String known = replace(text);
        String result = known == null ? text : known;
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
        if (prefixes.isEmpty()) {
            return null;
        }
        StringBuilder masked = null;
        int done = 0;
        int last = text.length() - PREFIX;
        for (int i = 0; i <= last; i++) {
            int length = prefixes.contains(prefix(text, i)) ? lengthAt(text, i) : 0;
            if (length > 0) {
                if (masked == null) {
                    masked = new StringBuilder(text.length());
                }
                masked.append(text, done, i).append(MASK);
                done = i + length;
                i = done - 1;
            }
        }
        return masked == null ? null : masked.append(text, done, text.length()).toString();
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

    /** Eight bits of each of eight characters: what is not ASCII may collide, which costs time and nothing else. */
    private static long prefix(String text, int at) {
        long packed = 0;
        for (int i = at; i < at + PREFIX; i++) {
            packed = packed << 8 | text.charAt(i) & 0xff;
        }
        return packed;
    }
}
