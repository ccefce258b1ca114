package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;

/**
 * Successful response of a token endpoint.
 *
 * @param refreshToken the refresh token in the response, or null. It has rotated if it is different from the one in the
 *     request (<a href="https://www.rfc-editor.org/rfc/rfc6749#section-6">RFC 6749 section 6</a>).
 * @param session an ID to refresh or revoke this access token, or null. It is also a secret, belongs to the access
 *     token rather than the stored secret, and is kept in memory only.
 */
public record TokenResponse(
        AccessToken accessToken,
        @CheckForNull String refreshToken,
        @CheckForNull String session) {

    public TokenResponse(AccessToken accessToken, @CheckForNull String refreshToken) {
        this(accessToken, refreshToken, null);
    }

    /** Omits the tokens and the session. */
    @Override
    public String toString() {
        return "TokenResponse[" + accessToken + (refreshToken == null ? "" : ", with a refresh token")
                + (session == null ? "" : ", with a session") + "]";
    }
}
