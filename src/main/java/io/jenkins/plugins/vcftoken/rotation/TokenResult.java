package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;

/**
 * An access token, and what stood in the way of a better one.
 *
 * @param familyId the family it belongs to
 * @param account whose access token it is
 * @param accessToken alive when it was handed out
 * @param error why a wanted renewal failed while this access token serves on; null when all is well
 * @param warning what is odd about the access token although it works, fit for a build's log; null when nothing is
 * @param rotated whether the exchange that brought it also replaced the stored secret
 */
public record TokenResult(
        String familyId,
        Account account,
        AccessToken accessToken,
        @CheckForNull TokenUnavailableException error,
        @CheckForNull String warning,
        boolean rotated) {

    TokenResult rotated(boolean did) {
        return new TokenResult(familyId, account, accessToken, error, warning, did);
    }
}
