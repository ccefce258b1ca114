package io.jenkins.plugins.vcftoken.store;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.DeviceAuthorizationClient;
import io.jenkins.plugins.vcftoken.oauth.OneShotHttpClient;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import org.jenkinsci.plugins.plaincredentials.StringCredentials;

/**
 * A credential of one of the plugin's kinds: a long-lived secret that is exchanged for access tokens. As secret text it is
 * the current access token.
 */
public interface VcfCredentials extends StringCredentials {

    /**
     * The longest secret, address, name or ID that is used, in characters. Servers take far less; what is used is kept in
     * memory.
     */
    int MAX_TEXT = 64 * 1024;

    /** The longest text of CA certificates, in characters: all authorities that a browser knows have 230,000. */
    int MAX_CERTIFICATES = 256 * 1024;

    /** The system's address, as stored. */
    String getUrl();

    /** Certificates in PEM to trust beside Java's own; empty for none. */
    String getCaCertificates();

    /** Whether a person chose to send the secret to whoever answers, without looking at the certificate. */
    boolean isSkipTlsVerification();

    /** @throws IllegalArgumentException when the stored address is none */
    Account account();

    /** The long-lived secret as it is stored here: what a person typed, or what was written back since. */
    Secret storedSecret();

    /** Whether the account may have no secret at all, so that an empty one is worth sending. */
    default boolean isSecretOptional() {
        return false;
    }

    /** A copy with another secret and everything else the same. */
    VcfCredentials withStoredSecret(Secret secret);

    TokenEndpointClient service(OneShotHttpClient client);

    /**
     * Sells an access token of one of the system's organizations for an access token of this credential.
     *
     * @return null where this credential's access tokens buy none
     */
    @CheckForNull
    default TokenEndpointClient organizationService(
            OneShotHttpClient client, String organization, AccessToken accessToken) {
        return null;
    }

    /**
     * Where a person can have the account authorized, so that nobody has to type its secret.
     *
     * @param clientId the account's own ID
     * @return null where there is no such way
     */
    @CheckForNull
    default DeviceAuthorizationClient deviceEndpoint(OneShotHttpClient client, String clientId) {
        return null;
    }

    /** Whether {@link #deviceEndpoint} leads anywhere. */
    default boolean isAuthorizable() {
        return false;
    }

    /** The account's own ID for {@link #deviceEndpoint}, as far as it is known; else empty. No secret. */
    default String clientId() {
        return "";
    }

    /** As {@link #withStoredSecret}, after {@link #deviceEndpoint} has brought the secret for an account. */
    default VcfCredentials withAuthorized(Secret secret, String clientId) {
        return withStoredSecret(secret);
    }

    /** Whether {@link #organizationService} has something to sell. */
    default boolean isProvider() {
        return false;
    }
}
