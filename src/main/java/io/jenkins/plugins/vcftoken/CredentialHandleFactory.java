package io.jenkins.plugins.vcftoken;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.Item;
import io.jenkins.plugins.vcftoken.oauth.AtMostOnceHttpClient;
import io.jenkins.plugins.vcftoken.oauth.RetryPolicy;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.CredentialLocator;
import io.jenkins.plugins.vcftoken.store.StoreCredentialWriter;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.time.InstantSource;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.UnaryOperator;

/**
 * Creates the {@link CredentialHandle} of a stored credential: its location, its secret, and the client that requests
 * access tokens.
 */
final class CredentialHandleFactory {

    private final CredentialLocator locator;
    private final HttpClientFactory httpClients;
    private final RetryPolicy retryPolicy;

    CredentialHandleFactory(CredentialLocator locator, HttpClientFactory httpClients, InstantSource clock) {
        this.locator = locator;
        this.httpClients = httpClients;
        this.retryPolicy = new RetryPolicy(
                clock,
                pause -> Thread.sleep(pause.toMillis()),
                () -> ThreadLocalRandom.current().nextDouble());
    }

    /** The handle for the credential's own access token; see {@link #create(VcfCredentials, Item, String)}. */
    CredentialHandle create(VcfCredentials credential, @CheckForNull Item near) throws TokenUnavailableException {
        return create(credential, near, "");
    }

    /**
     * @param near a job that can see the credential, where the search for its store starts; may be null
     * @param organization one of the provider's organizations; empty for the credential's own access token
     * @throws TokenUnavailableException if the secret must not be sent, a rotated token could not be stored, or an
     *     organization is given for a credential that is not a provider
     */
    CredentialHandle create(VcfCredentials credential, @CheckForNull Item near, String organization)
            throws TokenUnavailableException {
        TokenClient client = tokenClient(credential);
        if (!organization.isEmpty() && !credential.isProvider()) {
            throw unavailable(
                    credential,
                    "it cannot request an access token of the organization ‘" + organization
                            + "’; this requires a provider service account of VCF Automation. Use one whose "
                            + "organization is System, or leave the organization out.",
                    null);
        }
        StoreCredentialWriter writer = findWriter(credential, near);
        CredentialHandle handle = new CredentialHandle(
                        credential.getId(),
                        writer.location(),
                        credential.storedSecret().getPlainText(),
                        client,
                        writer,
                        () -> tokenClient(readStored(credential, writer)))
                .asStored();
        if (client.rotates() || credential.regeneratedBeforeExpiry() != null) {
            locator.followNewId(writer, client.account(), handle.token());
        }
        return organization.isEmpty()
                ? handle
                : handle.derive(() -> {
                    VcfCredentials stored = readStored(credential, writer);
                    return retryPolicy.decorate(stored.tenantTokenClient(httpClient(stored), organization));
                });
    }

    /**
     * The handle of a token that is requested with the access token of {@link #create(VcfCredentials, Item, String)}.
     * Errors omit server text, since a job may have chosen the server (SSRF).
     */
    CredentialHandle createDerived(
            VcfCredentials credential, @CheckForNull Item near, String organization, DerivedTokenClientFactory token)
            throws TokenUnavailableException {
        StoreCredentialWriter writer = findWriter(credential, near);
        return create(credential, near, organization).derive(() -> {
            VcfCredentials stored = readStored(credential, writer);
            return retryPolicy.decorateWithoutServerText(derivedClient(stored, token));
        });
    }

    private TokenClient derivedClient(VcfCredentials credential, DerivedTokenClientFactory token)
            throws TokenUnavailableException {
        TokenClient client;
        try {
            client = token.client(credential, httpClient(credential));
        } catch (IllegalArgumentException e) {
            throw unavailable(credential, e.getMessage() + ".", e);
        }
        if (client.rotates()) {
            throw new IllegalStateException(
                    "A derived token cannot rotate: " + client.account().description());
        }
        if (!"https".equalsIgnoreCase(client.account().url().getScheme())) {
            throw unavailable(
                    credential,
                    "its access token is not sent to " + client.account().url()
                            + ", where it could be read on the network. Nothing was sent. Use "
                            + "the https address of the server.",
                    null);
        }
        return client;
    }

    /** The currently stored credential, so that open blocks use changed TLS settings. */
    private static VcfCredentials readStored(VcfCredentials credential, StoreCredentialWriter writer) {
        VcfCredentials stored = writer.credential(credential.account());
        return stored == null ? credential : stored;
    }

    /** @throws TokenUnavailableException if the address is invalid or the secret must not be sent */
    TokenClient tokenClient(VcfCredentials credential) throws TokenUnavailableException {
        return tokenClient(credential, retryPolicy::decorate);
    }

    /** Like {@link #tokenClient}, but errors omit server text, so that a form cannot read other servers (SSRF). */
    TokenClient tokenClientWithoutServerText(VcfCredentials submitted) throws TokenUnavailableException {
        return tokenClient(submitted, retryPolicy::decorateWithoutServerText);
    }

    private TokenClient tokenClient(VcfCredentials credential, UnaryOperator<TokenClient> decorator)
            throws TokenUnavailableException {
        try {
            return decorator.apply(credential.tokenClient(httpClient(credential)));
        } catch (IllegalArgumentException e) {
            throw invalidAddress(credential, e);
        }
    }

    /**
     * @throws TokenUnavailableException if the secret must not be sent
     * @throws IllegalArgumentException if the address is invalid
     */
    AtMostOnceHttpClient httpClient(VcfCredentials credential) throws TokenUnavailableException {
        return httpClients.get(credential);
    }

    /** @throws TokenUnavailableException if no credentials store contains the credential */
    StoreCredentialWriter findWriter(VcfCredentials credential, @CheckForNull Item near)
            throws TokenUnavailableException {
        return locator.find(credential, near)
                .orElseThrow(() -> unavailable(
                        credential,
                        "it is not stored in the credentials of this controller, a folder or a user, so a rotated token "
                                + "could not be kept. Nothing was sent. Store the credential there.",
                        null));
    }

    static TokenUnavailableException invalidAddress(VcfCredentials credential, IllegalArgumentException e) {
        return new TokenUnavailableException(
                "Credential ‘" + credential.getId() + "’ has an invalid URL: ‘" + credential.getUrl()
                        + "’. Correct it in the credential.",
                e);
    }

    /** @param text completes "Credential ‘sa’ (VCF Automation at https://…): …" */
    static TokenUnavailableException unavailable(
            VcfCredentials credential, String text, @CheckForNull Exception cause) {
        return new TokenUnavailableException(
                "Credential ‘" + credential.getId() + "’ ("
                        + credential.account().description() + "): " + text,
                cause);
    }
}
