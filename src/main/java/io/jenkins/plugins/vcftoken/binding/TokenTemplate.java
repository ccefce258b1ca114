package io.jenkins.plugins.vcftoken.binding;

import java.io.Serial;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * A text that contains the access token, once or several times, or not at all. The block fills it with the current
 * access token, for each step and each renewal, so no access token is kept in it. Immutable.
 */
public final class TokenTemplate implements Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    @SuppressWarnings("serial") // the list that is in it is serializable, which newer compilers doubt
    private final List<String> texts;

    private TokenTemplate(List<String> texts) {
        this.texts = texts;
    }

    /**
     * A template of the texts around the access token: {@code of("Bearer ", "")} has it at the end, {@code of("", "")}
     * is the access token alone.
     *
     * @param texts between each two of them stands the access token; a single one is a constant
     */
    public static TokenTemplate of(String... texts) {
        return new TokenTemplate(new ArrayList<>(List.of(texts)));
    }

    String fill(String accessToken) {
        return String.join(accessToken, texts);
    }

    boolean isSecret() {
        return texts.size() > 1;
    }
}
