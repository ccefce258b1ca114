package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import java.io.Serial;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Every access token that a block may have shown to somebody, oldest first. They are {@link Secret}s because those are what
 * Pipeline encrypts when it saves.
 */
final class IssuedTokens implements Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    @SuppressWarnings("serial") // the list that is in it is serializable, which newer compilers doubt
    private final List<Secret> accessTokens = new CopyOnWriteArrayList<>();

    private volatile long expiresAt;

    /** There is a gap in the knowledge: a controller went down in the meantime. */
    private volatile boolean interrupted;

    private transient volatile TokenMasker mask;

    /** @return whether it is new */
    synchronized boolean add(AccessToken accessToken) {
        for (Secret known : accessTokens) {
            if (known.getPlainText().equals(accessToken.value())) {
                return false;
            }
        }
        accessTokens.add(Secret.fromString(accessToken.value()));
        expiresAt = accessToken.expiresAt().getEpochSecond();
        mask = null;
        return true;
    }

    @CheckForNull
    String last() {
        return accessTokens.isEmpty()
                ? null
                : accessTokens.get(accessTokens.size() - 1).getPlainText();
    }

    /** Of {@link #last}, in seconds since 1970. */
    long expiresAt() {
        return expiresAt;
    }

    synchronized void noteInterruption() {
        interrupted = true;
        mask = null;
    }

    /** Kept until the next access token comes. */
    TokenMasker mask() {
        TokenMasker known = mask;
        if (known != null) {
            return known;
        }
        synchronized (this) {
            List<String> texts = texts();
            mask = texts.isEmpty() && !interrupted
                    ? TokenMasker.NONE
                    : new TokenMasker(formsOf(texts), interrupted ? TokenPattern.like(texts) : null);
            return mask;
        }
    }

    List<String> texts() {
        List<String> texts = new ArrayList<>(accessTokens.size());
        accessTokens.forEach(accessToken -> texts.add(accessToken.getPlainText()));
        return texts;
    }

    static Set<String> formsOf(List<String> accessTokens) {
        Set<String> forms = new HashSet<>();
        accessTokens.forEach(accessToken -> forms.addAll(TokenEncodings.of(accessToken)));
        return forms;
    }
}
