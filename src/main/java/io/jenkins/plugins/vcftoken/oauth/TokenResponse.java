package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;

/**
 * The successful response of a token endpoint.
 *
 * @param accessToken the access token
 * @param refreshToken the refresh token in the response, or null. It has rotated if it differs from the one that was
 *     sent; the response does not say so (<a href="https://www.rfc-editor.org/rfc/rfc6749#section-6">RFC 6749 section
 *     6</a>).
 * @param session an ID that renews or revokes this access token later, or null. It belongs to the access token and not
 *     to the stored secret, is as secret as both, and is kept in memory only.
 */
public record TokenResponse(
        AccessToken accessToken,
        @CheckForNull String refreshToken,
        @CheckForNull String session) {

    public TokenResponse(AccessToken accessToken, @CheckForNull String refreshToken) {
        this(accessToken, refreshToken, null);
    }

    /** Without the tokens and the session. */
    @Override
    public String toString() {
        return "TokenResponse[" + accessToken + (refreshToken == null ? "" : ", with a refresh token")
                + (session == null ? "" : ", with a session") + "]";
    }
}
