package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;

/**
 * What a server gave for a secret.
 *
 * @param accessToken the access token
 * @param refreshToken the refresh token that came along, or null where the server sent none. Whether it rotated is
 *     learned only by comparing it with the one that was sent (no setting tells: RFC 6749 section 6).
 * @param session what the server wants to see again when this access token is renewed or let go, or null. Belongs to the
 *     access token, not to the stored secret, and is as secret as either; kept in memory only.
 */
public record TokenResponse(
        AccessToken accessToken,
        @CheckForNull String refreshToken,
        @CheckForNull String session) {

    public TokenResponse(AccessToken accessToken, @CheckForNull String refreshToken) {
        this(accessToken, refreshToken, null);
    }

    @Override
    public String toString() {
        return "TokenResponse[" + accessToken + (refreshToken == null ? "" : ", with a refresh token")
                + (session == null ? "" : ", with a session") + "]";
    }
}
