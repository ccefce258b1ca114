package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Instant;

/** One remote API that turns a stored secret into an access token. Implementations are immutable and thread-safe. */
public interface TokenEndpointClient {

    Account account();

    /**
     * Whether the server is known to replace secrets as they are used. Where it is not, nothing is journaled, and a
     * secret may be sent again after an answer was lost; a different secret that comes back is kept all the same.
     */
    default boolean rotates() {
        return true;
    }

    /** Whether there is nothing to send while the secret is empty. */
    default boolean needsSecret() {
        return true;
    }

    /**
     * Presents the secret to the token endpoint, once, because a refresh token that arrives twice may cost the whole account.
     * Neither this method nor anything below it sends a second request after one that a token endpoint has answered, or may
     * have received. Where a server has the endpoint at one of two paths, the second is tried after an answer that says that
     * there is none at the first (see {@link VcfaTokenClient}). Blocks for at most the client's call timeout, or twice that
     * where there are two paths.
     *
     * @throws TokenRequestException when there is no access token to hand out; its type says whether the secret may be spent
     */
    TokenResponse requestToken(String secret) throws TokenRequestException;

    /**
     * A fresh access token for one that came with a session. Sends the secret, once, where the server refuses the session;
     * an answer that is missing is not followed by a second request.
     *
     * @param session from the last {@link TokenResponse} of this service
     * @throws TokenRequestException as {@link #requestToken} does
     */
    default TokenResponse refreshSession(String secret, String session) throws TokenRequestException {
        return requestToken(secret);
    }

    /**
     * Tells the server that nobody needs the session any more.
     *
     * @throws TokenRequestException when the server may still keep it; it ends by itself some time later
     */
    default void revokeSession(String session) throws TokenRequestException {}

    /**
     * When the stored secret itself ends, so that a person can be warned in time. Spends nothing and needs no access token.
     *
     * @return null when it never does, or the server does not tell
     * @throws TokenRequestException when the server was not reached, or refuses the secret
     */
    @CheckForNull
    default Instant secretExpiry(String secret) throws TokenRequestException {
        return null;
    }

    /** Whether the server tells when the secret ends only to whoever has an access token that the secret bought. */
    default boolean tellsAccessTokensOnly() {
        return false;
    }

    /**
     * As {@link #secretExpiry(String)}, of a server that {@link #tellsAccessTokensOnly}.
     *
     * @param accessToken a living one that this service sold for the secret
     * @throws TokenRequestException when the server was not reached, or refuses to tell
     */
    @CheckForNull
    default Instant secretExpiry(AccessToken accessToken) throws TokenRequestException {
        return null;
    }

    /** What is odd about an access token that works, fit for a build's log; null when nothing is. */
    @CheckForNull
    default String warning(AccessToken accessToken) {
        return null;
    }
}
