package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import java.io.Serial;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * All access tokens of a block, and their mask. Every access token becomes visible to steps by {@link #publish}, and is
 * masked by then. Saved with the build, the access tokens as {@link Secret}s, because Pipeline encrypts these. For any
 * thread; no method does I/O.
 */
final class IssuedTokens implements Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    /** Oldest first. Changed under the lock of this; saved by Pipeline without it. */
    @SuppressWarnings("serial") // the list that is in it is serializable, which newer compilers doubt
    private final List<Secret> all = new CopyOnWriteArrayList<>();

    /** The visible one; null before the first. */
    @CheckForNull
    private volatile Secret current;

    /** Of the visible one, in seconds since 1970. */
    private volatile long expiresAt;

    /** Whether the controller was restarted: access tokens of the last moments before were perhaps not saved. */
    private volatile boolean interrupted;

    /** Null until it is needed, and from then on until the access tokens change. */
    @CheckForNull
    private transient volatile TokenMasker masker;

    /**
     * Masks an access token from now on, and only then makes it the one that steps see.
     *
     * @return whether it is a new one
     */
    synchronized boolean publish(AccessToken accessToken) {
        boolean isNew = !contains(accessToken.value());
        Secret secret = Secret.fromString(accessToken.value());
        if (isNew) {
            masker = null;
            all.add(secret);
        }
        expiresAt = accessToken.expiresAt().getEpochSecond();
        current = secret;
        return isNew;
    }

    /** Adds the variables with the visible access token to an environment; right after a restart, the saved one. */
    synchronized void contribute(Map<String, String> env, BlockVariables variables) {
        variables.contribute(env, current(), expiresAt);
    }

    /** @return the visible access token; null before the first */
    @CheckForNull
    String current() {
        Secret secret = current;
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

    TokenMasker masker() {
        TokenMasker known = masker;
        return known == null ? createMasker() : known;
    }

    private synchronized TokenMasker createMasker() {
        if (masker == null) {
            List<String> values = values();
            masker = new TokenMasker(TokenEncodings.of(values), interrupted ? TokenEncodings.shape(values) : null);
        }
        return masker;
    }
}
