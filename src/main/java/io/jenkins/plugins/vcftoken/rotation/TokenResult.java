package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;

/**
 * A valid access token.
 *
 * @param account of the access token
 * @param error of a failed request for a newer access token, or null
 * @param warning about a working access token, for the build log, or null
 * @param rotated whether the request replaced the stored secret
 */
public record TokenResult(
        String familyId,
        Account account,
        AccessToken accessToken,
        @CheckForNull TokenUnavailableException error,
        @CheckForNull String warning,
        boolean rotated) {

    TokenResult rotated(boolean isRotated) {
        return new TokenResult(familyId, account, accessToken, error, warning, isRotated);
    }
}
