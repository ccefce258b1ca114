package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.io.Serial;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/**
 * A text that contains a token of the block, once or several times, or not at all: its access token, or one that is
 * derived from it. The block fills in the current one, for each step and each renewal, so no token is kept in it.
 * Immutable.
 */
public final class TokenTemplate implements Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    /** The number of the block's own access token; derived ones have those after it. */
    static final int ACCESS_TOKEN = 0;

    /** These two are most of the variables of a block, so all blocks share them. */
    private static final TokenTemplate TOKEN_ALONE = new TokenTemplate(ACCESS_TOKEN, List.of("", ""));

    private static final TokenTemplate EMPTY = new TokenTemplate(ACCESS_TOKEN, List.of(""));

    @SuppressWarnings("serial") // the list that is in it is serializable, which newer compilers doubt
    private final List<String> texts;

    private final int token;

    private TokenTemplate(int token, List<String> texts) {
        this.token = token;
        this.texts = List.copyOf(texts);
    }

    /**
     * A template of the texts around the access token: {@code of("Bearer ", "")} has it at the end, {@code of("", "")}
     * is the access token alone.
     *
     * @param texts between each two of them stands the access token; a single one is a constant
     */
    public static TokenTemplate of(String... texts) {
        TokenTemplate template = new TokenTemplate(ACCESS_TOKEN, List.of(texts));
        return Stream.of(TOKEN_ALONE, EMPTY)
                .filter(shared -> shared.texts.equals(template.texts))
                .findFirst()
                .orElse(template);
    }

    /** The token of a number alone. */
    static TokenTemplate ofToken(int token) {
        return new TokenTemplate(token, List.of("", ""));
    }

    /** A template of this one with a text before and after it. */
    public TokenTemplate between(String before, String after) {
        List<String> longer = new ArrayList<>(texts);
        longer.set(0, before + longer.get(0));
        int last = longer.size() - 1;
        longer.set(last, longer.get(last) + after);
        return new TokenTemplate(token, longer);
    }

    /**
     * @param tokens the current tokens by number; null where there is none
     * @return null where there is no token to fill in
     */
    @CheckForNull
    String fill(IntFunction<String> tokens) {
        String current = isSecret() ? tokens.apply(token) : "";
        return current == null ? null : String.join(current, texts);
    }

    boolean isSecret() {
        return texts.size() > 1;
    }
}
