package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;

/**
 * A valid access token, and why there is no newer one.
 *
 * @param account of the access token
 * @param error why a request failed although this older access token is still valid; null when none failed
 * @param warning an oddity of a working access token, for a build's log; null when there is none
 * @param rotated whether the request also replaced the stored secret
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
