package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.io.Serial;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/**
 * Text with any number of placeholders for a token of the block: the access token, or a derived token. The block
 * inserts the current token for each step and at each renewal. Contains no token itself. Immutable.
 */
public final class TokenTemplate implements Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    /** Number of the access token of the block; derived tokens have higher numbers. */
    static final int ACCESS_TOKEN = 0;

    /** Shared instances, because most variables of a block have one of these two values. */
    private static final TokenTemplate TOKEN_ALONE = new TokenTemplate(ACCESS_TOKEN, List.of("", ""));

    private static final TokenTemplate EMPTY = new TokenTemplate(ACCESS_TOKEN, List.of(""));

    @SuppressWarnings("serial") // the list implementation is serializable
    private final List<String> texts;

    private final int token;

    private TokenTemplate(int token, List<String> texts) {
        this.token = token;
        this.texts = List.copyOf(texts);
    }

    /**
     * Creates a template from the texts around the access token: {@code of("Bearer ", "")} ends with the token, {@code
     * of("", "")} consists of the token only.
     *
     * @param texts texts to join with the access token; a single text is a constant
     */
    public static TokenTemplate of(String... texts) {
        TokenTemplate template = new TokenTemplate(ACCESS_TOKEN, List.of(texts));
        return Stream.of(TOKEN_ALONE, EMPTY)
                .filter(shared -> shared.texts.equals(template.texts))
                .findFirst()
                .orElse(template);
    }

    /** @return template that consists of the token with this number only */
    static TokenTemplate ofToken(int token) {
        return new TokenTemplate(token, List.of("", ""));
    }

    /** @return template with additional text before and after this template */
    public TokenTemplate between(String before, String after) {
        List<String> longer = new ArrayList<>(texts);
        longer.set(0, before + longer.get(0));
        int last = longer.size() - 1;
        longer.set(last, longer.get(last) + after);
        return new TokenTemplate(token, longer);
    }

    /**
     * @param tokens returns the current token by number, or null if there is none
     * @return null if the token is missing
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
