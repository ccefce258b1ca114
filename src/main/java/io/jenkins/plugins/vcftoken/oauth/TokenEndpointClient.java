package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Duration;
import java.time.Instant;

/** Client of one token API, for one account. Implementations are immutable and thread-safe; calls block. */
public interface TokenEndpointClient {

    Account account();

    /**
     * Whether the server replaces secrets as they are used. A secret that does not rotate needs no record before it is
     * sent, and is sent again after a lost response. A different secret in the response is stored in both cases.
     */
    default boolean rotates() {
        return true;
    }

    /** Whether an empty secret means that there is nothing to send. */
    default boolean needsSecret() {
        return true;
    }

    /**
     * Sends the secret to the token endpoint, once, because a server may revoke the account when a refresh token
     * arrives twice. No second request follows one that a token endpoint has answered or may have received. Where the
     * endpoint is at one of two paths, the second is tried after a response that shows that there is no endpoint at the
     * first (see {@link VcfaTokenClient}). Blocks for at most the call timeout of the HTTP client, twice that with two
     * paths.
     *
     * @throws TokenRequestException without an access token; its type says whether the secret may have been consumed
     */
    TokenResponse requestToken(String secret) throws TokenRequestException;

    /**
     * For an access token that is requested with one of another client in place of a stored secret: the age up to which
     * that one is sent, because a server may end the new one with it.
     */
    default Duration longestParentAge() {
        return Duration.ofSeconds(Long.MAX_VALUE);
    }

    /**
     * Renews an access token with its session. Sends the secret, once, if the server rejects the session; a lost
     * response is not followed by a second request.
     *
     * @param session of the last {@link TokenResponse} of this account
     * @throws TokenRequestException as {@link #requestToken} does
     */
    default TokenResponse refreshSession(String secret, String session) throws TokenRequestException {
        return requestToken(secret);
    }

    /**
     * Ends a session at the server.
     *
     * @throws TokenRequestException when the server may still have it; it then ends by itself
     */
    default void revokeSession(String session) throws TokenRequestException {}

    /**
     * Whether {@link #regenerate} may be called, so that the ledger has a record of the secret before it is first sent.
     */
    default boolean regenerates() {
        return false;
    }

    /**
     * Has the server issue another secret in place of one that does not rotate. Sends the secret, once: the response
     * has the only copy of the new one, and the server may refuse the old one from then on. Access tokens stay valid.
     *
     * @param accessToken a valid access token that this client obtained with the secret, or null
     * @throws TokenRequestException without a new secret; the server may have issued one only where it is an
     *     {@code OutcomeUnknown} or an {@code InvalidResponse}
     * @throws UnsupportedOperationException where the server has no such request
     */
    default RegeneratedSecret regenerate(String secret, @CheckForNull AccessToken accessToken)
            throws TokenRequestException {
        throw new UnsupportedOperationException();
    }

    /**
     * Asks when the stored secret expires, so that a person can be warned in time. Consumes nothing.
     *
     * @param accessToken a valid access token that this client obtained with the secret, or null; without one, the
     *     server is not asked where {@link #expiryNeedsAccessToken}
     * @return null when the secret does not expire, or the server does not say
     * @throws TokenRequestException when the server was not reached, or rejects the secret or the request
     */
    @CheckForNull
    default Instant secretExpiry(String secret, @CheckForNull AccessToken accessToken) throws TokenRequestException {
        return null;
    }

    /** Whether {@link #secretExpiry} sends an access token in place of the secret. */
    default boolean expiryNeedsAccessToken() {
        return false;
    }

    /**
     * A warning for the log of the build about a valid access token that may not be the wanted one; null without one.
     */
    @CheckForNull
    default String warning(AccessToken accessToken) {
        return null;
    }
}
