package io.jenkins.plugins.vcftoken;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import java.time.Instant;
import java.util.function.Supplier;

/**
 * Expiry of a stored secret.
 *
 * @param asked false if no request was sent, because the server requires an access token and none is cached; can be
 *     retried later
 * @param expiresAt null if the secret does not expire, or the server does not report it
 */
public record SecretExpiryResult(
        boolean asked, @CheckForNull Instant expiresAt) {

    /**
     * Requests the expiry from the server. Blocks; never sends a rotating token.
     *
     * @param cached supplies a valid access token of the credential, or null
     */
    public static SecretExpiryResult of(CredentialHandle handle, Supplier<AccessToken> cached)
            throws TokenRequestException {
        TokenClient client = handle.client();
        if (handle.token().isEmpty()) {
            return new SecretExpiryResult(true, null);
        }
        AccessToken accessToken = client.expiryNeedsAccessToken() ? cached.get() : null;
        return accessToken == null && client.expiryNeedsAccessToken()
                ? new SecretExpiryResult(false, null)
                : new SecretExpiryResult(true, client.secretExpiry(handle.token(), accessToken));
    }
}
