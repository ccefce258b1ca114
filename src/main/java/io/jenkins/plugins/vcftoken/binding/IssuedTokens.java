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
 * All tokens of a block, and their mask: its access tokens and those that are derived from them. Each becomes visible to
 * steps by {@link #publish}, and is masked by then. Saved with the build, the tokens as {@link Secret}s, because Pipeline
 * encrypts these. For any thread; no method does I/O.
 */
final class IssuedTokens implements Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    /** Oldest first. Changed under the lock of this; saved by Pipeline without it. */
    @SuppressWarnings("serial") // the list that is in it is serializable, which newer compilers doubt
    private final List<Secret> all = new CopyOnWriteArrayList<>();

    /** The visible access token; null before the first. */
    @CheckForNull
    private volatile Secret current;

    /** The visible derived tokens by number; null before the first. */
    @CheckForNull
    private volatile Map<Integer, Secret> derived;

    /** Of the visible one, in seconds since 1970. */
    private volatile long expiresAt;

    /** Whether the controller was restarted: access tokens of the last moments before were perhaps not saved. */
    private volatile boolean interrupted;

    /** Null until it is needed, and from then on until the access tokens change. */
    @CheckForNull
    private transient volatile TokenMasker masker;

    /**
     * Masks a token from now on, and only then makes it the one that steps see.
     *
     * @param number of {@link TokenTemplate}
     * @return whether it is a new one
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

    /** Adds the variables with the visible tokens to an environment; right after a restart, the saved one. */
    synchronized void contribute(Map<String, String> env, BlockVariables variables) {
        variables.contribute(env, this::current, expiresAt);
    }

    /**
     * @param number of {@link TokenTemplate}
     * @return the visible token; null before the first
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

    /** Also masks the shape of access tokens from now on, for those that were not saved before a restart. */
    synchronized void markInterrupted() {
        interrupted = true;
        masker = null;
    }

    /** @param maskers of all blocks */
    TokenMasker masker(Supplier<TokenMaskerCache> maskers) {
        TokenMasker known = masker;
        return known == null ? findMasker(maskers) : known;
    }

    private synchronized TokenMasker findMasker(Supplier<TokenMaskerCache> maskers) {
        if (masker == null) {
            List<String> values = values();
            masker = interrupted
                    ? new TokenMasker(TokenEncodings.of(values), TokenEncodings.shape(values))
                    : maskers.get().of(values);
        }
        return masker;
    }
}
