package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.RegeneratedSecret;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;

/**
 * Has the server replace a secret that does not rotate by itself before it expires. After a lost response the request
 * is not repeated: the next token request shows whether the server still accepts the old secret.
 */
final class Regeneration implements TokenRequestSteps {

    private final CredentialHandle handle;

    @CheckForNull
    private final Instant storedExpiry;

    private final Duration beforeExpiry;
    private final TokenHasher hashes;
    private final InstantSource clock;
    private final Duration timeout;
    private final TokenEventListener listener;

    /**
     * @param storedExpiry expiry of the stored secret according to its credential, or null
     * @param beforeExpiry how long before its expiry a secret is replaced
     * @param timeout after which a request with a lost response can no longer reach the server
     */
    Regeneration(
            CredentialHandle handle,
            @CheckForNull Instant storedExpiry,
            Duration beforeExpiry,
            TokenHasher hashes,
            InstantSource clock,
            Duration timeout,
            TokenEventListener listener) {
        this.handle = handle;
        this.storedExpiry = storedExpiry;
        this.beforeExpiry = beforeExpiry;
        this.hashes = hashes;
        this.clock = clock;
        this.timeout = timeout;
        this.listener = listener;
    }

    @Override
    public boolean alwaysRotates() {
        return true;
    }

    /**
     * Sends nothing in a state other than READY: the token may have been replaced or rejected, which the next token
     * request finds out.
     */
    @Override
    public boolean isUnnecessary(TokenFamily family) {
        return family.state() != TokenFamily.Status.READY || !isDue(expiry(family));
    }

    /** Whether a secret with this expiry has not expired and has to be replaced now. */
    boolean isDue(@CheckForNull Instant expiresAt) {
        Instant now = clock.instant();
        return expiresAt != null && now.isBefore(expiresAt) && !now.isBefore(expiresAt.minus(beforeExpiry));
    }

    @CheckForNull
    private Instant expiry(TokenFamily family) {
        return family.tokens().expiry(handle.token(), storedExpiry);
    }

    @Override
    public TokenFamily requesting(TokenFamily family) {
        return family.regenerating(Objects.requireNonNull(expiry(family)), clock.instant());
    }

    @Override
    public TokenFamily send(TokenFamily requesting) throws TokenRequestException {
        AccessToken accessToken = requesting.accessToken();
        boolean isAlive = accessToken != null && accessToken.isAlive(clock.instant());
        RegeneratedSecret next =
                handle.client().regenerate(requesting.tokens().current(), isAlive ? accessToken : null);
        return requesting.regenerated(next.secret(), next.expiresAt(), hashes, clock.instant());
    }

    @Override
    public TokenFamily afterFailure(TokenFamily before, TokenFamily requesting, TokenRequestException e) {
        return requesting.afterFailedRegeneration(before, e, timeout, clock.instant());
    }

    @Override
    public void granted(TokenFamily before, TokenFamily after, Duration took) {
        listener.regenerated(handle, before, after, took);
    }
}
