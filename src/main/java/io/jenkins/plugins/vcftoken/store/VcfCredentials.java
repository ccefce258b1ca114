package io.jenkins.plugins.vcftoken.store;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.AtMostOnceHttpClient;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.VcfaTokenClient;
import java.time.Duration;
import org.jenkinsci.plugins.plaincredentials.StringCredentials;

/**
 * A credential of this plugin: a long-lived secret for which a server issues access tokens. As secret text, it returns
 * the current access token. Immutable once stored.
 */
public interface VcfCredentials extends StringCredentials {

    /** Maximum length of a secret, address, name or ID, in characters. Limits memory. */
    int MAX_TEXT = 64 * 1024;

    /** Maximum length of CA certificates, in characters; the root certificates of a browser have 230,000. */
    int MAX_CERTIFICATES = 256 * 1024;

    /** The URL of the system, as stored. */
    String getUrl();

    /** CA certificates in PEM format, trusted in addition to those of Java; may be empty. */
    String getCaCertificates();

    /** Whether the certificate of the server is not verified. */
    boolean isSkipTlsVerification();

    /** @throws IllegalArgumentException if the stored URL is invalid */
    Account account();

    /** The stored long-lived secret: the initial one, or the last one that was written back. */
    Secret storedSecret();

    /** Whether the account may have no secret, so that a request with an empty one is valid. */
    default boolean isSecretOptional() {
        return false;
    }

    /** A copy with another secret, without fields that only apply to the old secret. */
    VcfCredentials withStoredSecret(Secret secret);

    /**
     * Time before its expiry at which the stored secret is replaced by a new one from the server.
     *
     * @return null if it is not replaced automatically
     */
    @CheckForNull
    default Duration regeneratedBeforeExpiry() {
        return null;
    }

    /** The client that requests access tokens for this credential. */
    TokenClient tokenClient(AtMostOnceHttpClient client);

    /**
     * The organization of access tokens, as named by the vendor's tools.
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
     * The client that requests an access token of one of the provider's organizations, with the access token of this
     * credential as its secret.
     *
     * @throws UnsupportedOperationException unless {@link #isProvider}
     */
    default TokenClient tenantTokenClient(AtMostOnceHttpClient client, String organization) {
        throw new UnsupportedOperationException();
    }

    /** Whether {@link #deviceFlowClient} is supported. */
    default boolean isAuthorizable() {
        return false;
    }

    /**
     * The client of the device authorization grant (RFC 8628), with which a user authorizes the account in a browser.
     *
     * @param clientId the ID of the account at the server
     * @return null unless {@link #isAuthorizable}
     */
    @CheckForNull
    default VcfaTokenClient deviceFlowClient(AtMostOnceHttpClient client, String clientId) {
        return null;
    }

    /** The ID of the account for {@link #deviceFlowClient}; empty if unknown. Not a secret. */
    default String clientId() {
        return "";
    }

    /** A copy with the secret and account ID of a completed device authorization. */
    default VcfCredentials withAuthorized(Secret secret, String clientId) {
        return withStoredSecret(secret);
    }
}
