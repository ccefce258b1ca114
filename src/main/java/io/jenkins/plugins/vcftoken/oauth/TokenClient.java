package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Duration;
import java.time.Instant;

/** Client for one account in one token API. Implementations are immutable and thread-safe; calls block. */
public interface TokenClient {

    Account account();

    /**
     * Whether the server replaces the secret at each use. A secret that does not rotate is sent without creating a
     * record first, and sent again after a lost response. In both cases, a different secret in the response is stored.
     */
    default boolean rotates() {
        return true;
    }

    /** Whether requests require a non-empty secret. */
    default boolean needsSecret() {
        return true;
    }

    /**
     * Sends the secret to the token endpoint only once, because a server may revoke the account if it receives a
     * refresh token twice. No request is sent after a token endpoint has responded or may have received the secret. If
     * the endpoint has one of two paths, the second path is tried only after a response that shows that there is no
     * endpoint at the first one (see {@link VcfaTokenClient}). Blocks for at most the call timeout of the HTTP client,
     * or twice that with two paths.
     *
     * @throws TokenRequestException if there is no access token; the type shows whether the secret may have been
     *     consumed
     */
    TokenResponse requestToken(String secret) throws TokenRequestException;

    /**
     * The maximum age of the parent token, for a client that sends an access token of another client (the parent token)
     * instead of a stored secret. The validity of the new token may depend on that of the parent token.
     */
    default Duration maxParentTokenAge() {
        return Duration.ofSeconds(Long.MAX_VALUE);
    }

    /**
     * Refreshes an access token with its session. Sends the secret once if the server rejects the session, but not
     * after a lost response.
     *
     * @param session from the last {@link TokenResponse} of this account
     * @throws TokenRequestException see {@link #requestToken}
     */
    default TokenResponse refreshSession(String secret, String session) throws TokenRequestException {
        return requestToken(secret);
    }

    /**
     * Revokes a session on the server.
     *
     * @throws TokenRequestException if the session may still be valid; it then ends when it expires
     */
    default void revokeSession(String session) throws TokenRequestException {}

    /**
     * Whether {@link #regenerate} may be called. If so, the ledger has a record of the secret before its first use.
     */
    default boolean regenerates() {
        return false;
    }

    /**
     * Requests a replacement for a secret that does not rotate. Sends the secret only once: the response is the only
     * copy of the new secret, and the server may reject the old one from then on. Access tokens stay valid.
     *
     * @param accessToken a valid access token that was requested with the secret, or null
     * @throws TokenRequestException if there is no new secret; the server may have issued one only in the case of an
     *     {@code OutcomeUnknown} or an {@code InvalidResponse}
     * @throws UnsupportedOperationException if the API does not support this
     */
    default RegeneratedSecret regenerate(String secret, @CheckForNull AccessToken accessToken)
            throws TokenRequestException {
        throw new UnsupportedOperationException();
    }

    /**
     * Requests the expiry of the stored secret, for warnings before that. Does not consume the secret.
     *
     * @param accessToken a valid access token that was requested with the secret, or null; if null and
     *     {@link #expiryNeedsAccessToken}, no request is sent
     * @return null if the secret does not expire, or its expiry is unknown
     * @throws TokenRequestException if the server is unreachable, or rejects the secret or the request
     */
    @CheckForNull
    default Instant secretExpiry(String secret, @CheckForNull AccessToken accessToken) throws TokenRequestException {
        return null;
    }

    /** Whether {@link #secretExpiry} sends an access token instead of the secret. */
    default boolean expiryNeedsAccessToken() {
        return false;
    }

    /** @return a warning for the build log if a valid access token may be for another organization, or null */
    @CheckForNull
    default String warning(AccessToken accessToken) {
        return null;
    }
}
