package io.jenkins.plugins.vcftoken.store;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.OneShotHttpClient;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import io.jenkins.plugins.vcftoken.oauth.VcfaTokenClient;
import java.time.Duration;
import org.jenkinsci.plugins.plaincredentials.StringCredentials;

/**
 * A credential of one of the plugin's kinds: a long-lived secret for which a server issues access tokens. Used as secret
 * text, it is the current access token. Immutable once it is stored.
 */
public interface VcfCredentials extends StringCredentials {

    /** The longest secret, address, name or ID that is used, in characters. Bounds what is kept in memory. */
    int MAX_TEXT = 64 * 1024;

    /** The longest text of CA certificates, in characters: all authorities that a browser knows have 230,000. */
    int MAX_CERTIFICATES = 256 * 1024;

    /** The address of the system, as stored. */
    String getUrl();

    /** CA certificates in PEM to trust in addition to those of Java; may be empty. */
    String getCaCertificates();

    /** Whether the secret is sent without verifying the certificate of the server. */
    boolean isSkipTlsVerification();

    /** @throws IllegalArgumentException when the stored address is not that of a server */
    Account account();

    /** The stored long-lived secret: the initial one, or the one that was last written back. */
    Secret storedSecret();

    /** Whether the account may have no secret at all, so that a request with an empty one makes sense. */
    default boolean isSecretOptional() {
        return false;
    }

    /** A copy with another secret and otherwise equal fields, without those that are about the old secret alone. */
    VcfCredentials withStoredSecret(Secret secret);

    /**
     * How long before it expires the stored secret is replaced by another one that the server issues.
     *
     * @return null where a person does that
     */
    @CheckForNull
    default Duration regeneratedBeforeExpiry() {
        return null;
    }

    /** The client that requests access tokens for this credential. */
    TokenEndpointClient tokenClient(OneShotHttpClient client);

    /**
     * The organization that access tokens are for, as the vendor's tools name it.
     *
     * @return null for systems without organizations
     */
    @CheckForNull
    default String organizationName() {
        return null;
    }

    /** Whether {@link #tenantTokenClient} is supported. */
    default boolean isProvider() {
        return false;
    }

    /**
     * The client that requests an access token of one of the provider's organizations, with an access token of this
     * credential as the secret.
     *
     * @throws UnsupportedOperationException unless {@link #isProvider}
     */
    default TokenEndpointClient tenantTokenClient(OneShotHttpClient client, String organization) {
        throw new UnsupportedOperationException();
    }

    /** Whether {@link #deviceFlowClient} is supported. */
    default boolean isAuthorizable() {
        return false;
    }

    /**
     * The client of the device authorization grant, RFC 8628, with which a person authorizes the account in a browser.
     *
     * @param clientId the ID of the account at the server
     * @return null unless {@link #isAuthorizable}
     */
    @CheckForNull
    default VcfaTokenClient deviceFlowClient(OneShotHttpClient client, String clientId) {
        return null;
    }

    /** The ID of the account for {@link #deviceFlowClient}; empty when unknown. Not a secret. */
    default String clientId() {
        return "";
    }

    /** A copy with the secret and account ID of a completed device authorization. */
    default VcfCredentials withAuthorized(Secret secret, String clientId) {
        return withStoredSecret(secret);
    }
}
