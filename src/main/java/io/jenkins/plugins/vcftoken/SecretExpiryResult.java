package io.jenkins.plugins.vcftoken;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import java.time.Instant;
import java.util.function.Supplier;

/**
 * When a stored secret itself ends.
 *
 * @param asked false when the server tells only whoever has an access token, and none was at hand: worth another try later
 * @param ends null when that is not known, or never
 */
public record SecretExpiryResult(
        boolean asked, @CheckForNull Instant ends) {

    /**
     * Asks the server, and spends nothing; blocks.
     *
     * @param cached gives a living access token of the holder's, or null; none is bought
     */
    public static SecretExpiryResult of(CredentialHandle handle, Supplier<AccessToken> cached)
            throws TokenRequestException {
        TokenEndpointClient service = handle.service();
        if (handle.token().isBlank()) {
            return new SecretExpiryResult(true, null);
        }
        if (!service.expiryNeedsAccessToken()) {
            return new SecretExpiryResult(true, service.secretExpiry(handle.token()));
        }
        AccessToken accessToken = cached.get();
        return accessToken == null
                ? new SecretExpiryResult(false, null)
                : new SecretExpiryResult(true, service.secretExpiry(accessToken));
    }
}
