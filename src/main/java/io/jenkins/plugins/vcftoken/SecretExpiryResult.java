package io.jenkins.plugins.vcftoken;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import java.time.Instant;
import java.util.function.Supplier;

/**
 * When a stored secret expires.
 *
 * @param asked false when the server was not asked, because it wants an access token and none is cached: worth another try
 *     later
 * @param ends null when the secret does not expire, or the server does not say
 */
public record SecretExpiryResult(
        boolean asked, @CheckForNull Instant ends) {

    /**
     * Asks the server. Blocks, and never sends a rotating token.
     *
     * @param cached returns a valid access token of the credential, or null
     */
    public static SecretExpiryResult of(CredentialHandle handle, Supplier<AccessToken> cached)
            throws TokenRequestException {
        TokenEndpointClient client = handle.client();
        if (handle.token().isEmpty()) {
            return new SecretExpiryResult(true, null);
        }
        AccessToken accessToken = client.expiryNeedsAccessToken() ? cached.get() : null;
        return accessToken == null && client.expiryNeedsAccessToken()
                ? new SecretExpiryResult(false, null)
                : new SecretExpiryResult(true, client.secretExpiry(handle.token(), accessToken));
    }
}
