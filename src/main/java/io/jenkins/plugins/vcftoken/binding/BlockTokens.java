package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import java.io.Serial;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/**
 * All tokens of a block, including derived tokens, and their masker. {@link #publish} masks a token before it makes it
 * visible to steps. Saved with the build; the tokens are {@link Secret}s, which Pipeline encrypts. Thread-safe; no
 * method does I/O.
 */
final class BlockTokens implements Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    /** Oldest first. Guarded by {@code this} for writes; Pipeline serializes it without the lock. */
    @SuppressWarnings("serial") // the list implementation is serializable
    private final List<Secret> all = new CopyOnWriteArrayList<>();

    /** Current access token; null before the first. */
    @CheckForNull
    private volatile Secret current;

    /** Current derived tokens by number; null before the first. */
    @CheckForNull
    private volatile Map<Integer, Secret> derived;

    /** Expiry of the current access token in seconds since 1970. */
    private volatile long expiresAt;

    /** Whether the controller was restarted. Tokens that were issued just before a restart may not have been saved. */
    private volatile boolean interrupted;

    /** Created on demand; null after a token was added. */
    @CheckForNull
    private transient volatile TokenMasker masker;

    /**
     * Masks a token, and then makes it the current one for steps.
     *
     * @param number number in {@link TokenTemplate}
     * @return whether the token is new
     */
    synchronized boolean publish(int number, AccessToken accessToken) {
        boolean isNew = !contains(accessToken.value());
        Secret secret = Secret.fromString(accessToken.value());
        if (isNew) {
            masker = null;
            all.add(secret);
        }
        if (number == TokenTemplate.ACCESS_TOKEN) {
            expiresAt = accessToken.expiresAt().getEpochSecond();
            current = secret;
        } else {
            Map<Integer, Secret> known = derived;
            Map<Integer, Secret> tokens = known == null ? new HashMap<>() : new HashMap<>(known);
            tokens.put(number, secret);
            derived = tokens;
        }
        return isNew;
    }

    /**
     * Adds the variables to an environment, with the current tokens. After a restart, these are initially the saved
     * ones.
     */
    synchronized void contribute(Map<String, String> env, BlockVariables variables) {
        variables.contribute(env, this::current, expiresAt);
    }

    /**
     * @param number number in {@link TokenTemplate}
     * @return current token; null before the first
     */
    @CheckForNull
    String current(int number) {
        Map<Integer, Secret> known = derived;
        Secret secret = number == TokenTemplate.ACCESS_TOKEN ? current : known == null ? null : known.get(number);
        return secret == null ? null : secret.getPlainText();
    }

    boolean contains(String accessToken) {
        return values().contains(accessToken);
    }

    List<String> values() {
        List<String> values = new ArrayList<>();
        all.forEach(secret -> values.add(secret.getPlainText()));
        return values;
    }

    /** Also masks all JSON Web Tokens from now on, because some tokens may not have been saved before a restart. */
    synchronized void markInterrupted() {
        interrupted = true;
        masker = null;
    }

    /** @param maskers cache that all blocks share */
    TokenMasker masker(Supplier<TokenMaskerCache> maskers) {
        TokenMasker known = masker;
        return known == null ? createMasker(maskers) : known;
    }

    private synchronized TokenMasker createMasker(Supplier<TokenMaskerCache> maskers) {
        if (masker == null) {
            List<String> values = values();
            masker = interrupted
                    ? new TokenMasker(TokenEncodings.of(values), TokenEncodings.jwtPattern(values))
                    : maskers.get().getOrCreate(values);
        }
        return masker;
    }
}
