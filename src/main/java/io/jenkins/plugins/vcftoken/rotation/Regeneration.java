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
 * Has the server issue another secret in place of one that does not rotate by itself, before that expires. A response
 * that is lost is not requested again: the next token request tells whether the server still accepts the old secret.
 */
final class Regeneration implements SecretRequest {

    private final CredentialHandle handle;

    @CheckForNull
    private final Instant told;

    private final Duration beforeExpiry;
    private final TokenHash hashes;
    private final InstantSource clock;
    private final Duration timeout;
    private final TokenListener listener;

    /**
     * @param told when the stored secret expires, as its credential says, or null
     * @param beforeExpiry how long before that another one is requested
     * @param timeout after which a request with a lost response can no longer be on its way
     */
    Regeneration(
            CredentialHandle handle,
            @CheckForNull Instant told,
            Duration beforeExpiry,
            TokenHash hashes,
            InstantSource clock,
            Duration timeout,
            TokenListener listener) {
        this.handle = handle;
        this.told = told;
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
     * A family in any state other than READY gets no request: its token may have been replaced or refused, and the next
     * token request tells.
     */
    @Override
    public boolean isDone(TokenFamily family) {
        return family.state() != TokenFamily.Status.READY || !isDue(expiry(family));
    }

    /** Whether it is time for another secret, and the one that expires then is not expired yet. */
    boolean isDue(@CheckForNull Instant expiresAt) {
        Instant now = clock.instant();
        return expiresAt != null && now.isBefore(expiresAt) && !now.isBefore(expiresAt.minus(beforeExpiry));
    }

    @CheckForNull
    private Instant expiry(TokenFamily family) {
        return family.tokens().expiry(handle.token(), told);
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
