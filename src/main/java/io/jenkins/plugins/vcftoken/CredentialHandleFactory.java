package io.jenkins.plugins.vcftoken;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.Item;
import io.jenkins.plugins.vcftoken.oauth.OneShotHttpClient;
import io.jenkins.plugins.vcftoken.oauth.RetryPolicy;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.CredentialLocator;
import io.jenkins.plugins.vcftoken.store.StoreCredentialWriter;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.time.InstantSource;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.UnaryOperator;

/**
 * Makes the {@link CredentialHandle} that {@code rotation} and {@code lease} work with: the location of a credential, its
 * stored secret, and the client that requests access tokens with it.
 */
final class CredentialHandleFactory {

    private final CredentialLocator locator;
    private final HttpClientFactory httpClients;
    private final RetryPolicy retries;

    CredentialHandleFactory(CredentialLocator locator, HttpClientFactory httpClients, InstantSource clock) {
        this.locator = locator;
        this.httpClients = httpClients;
        this.retries = new RetryPolicy(
                clock,
                pause -> Thread.sleep(pause.toMillis()),
                () -> ThreadLocalRandom.current().nextDouble());
    }

    /** As {@link #of(VcfCredentials, Item, String)}, for the credential's own access token. */
    CredentialHandle of(VcfCredentials credential, @CheckForNull Item near) throws TokenUnavailableException {
        return of(credential, near, "");
    }

    /**
     * The handle of a stored credential.
     *
     * @param near a job that can see the credential, so that its store is found quickly; may be null
     * @param organization one of the provider's organizations; empty for the credential's own access token
     * @throws TokenUnavailableException when the secret must not be sent, a new token could not be stored, or the credential
     *     is not the provider's
     */
    CredentialHandle of(VcfCredentials credential, @CheckForNull Item near, String organization)
            throws TokenUnavailableException {
        TokenEndpointClient client = tokenClient(credential);
        if (!organization.isEmpty() && !credential.isProvider()) {
            throw unavailable(
                    credential,
                    "it cannot request an access token of the organization ‘" + organization
                            + "’; this requires a provider service account of VCF Automation. Use one whose "
                            + "organization is System, or leave the organization out.",
                    null);
        }
        StoreCredentialWriter writer = writer(credential, near);
        CredentialHandle handle = new CredentialHandle(
                        credential.getId(),
                        writer.location(),
                        credential.storedSecret().getPlainText(),
                        client,
                        writer,
                        () -> tokenClient(stored(credential, writer)))
                .asStored();
        if (client.rotates() || credential.regeneratedBeforeExpiry() != null) {
            locator.followNewId(writer, client.account(), handle.token());
        }
        return organization.isEmpty()
                ? handle
                : handle.derive(() -> {
                    VcfCredentials stored = stored(credential, writer);
                    return retries.decorate(stored.tenantTokenClient(httpClient(stored), organization));
                });
    }

    /**
     * The handle of a token that is derived from the access token of {@link #of(VcfCredentials, Item, String)}. Its
     * errors contain no text of the server, which a job may have chosen.
     */
    CredentialHandle derived(
            VcfCredentials credential, @CheckForNull Item near, String organization, DerivedToken token)
            throws TokenUnavailableException {
        StoreCredentialWriter writer = writer(credential, near);
        return of(credential, near, organization).derive(() -> {
            VcfCredentials stored = stored(credential, writer);
            return retries.decorateWithoutServerText(derivedClient(stored, token));
        });
    }

    private TokenEndpointClient derivedClient(VcfCredentials credential, DerivedToken token)
            throws TokenUnavailableException {
        TokenEndpointClient client;
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

    /** The credential as it is stored now, so that open blocks follow a change of its TLS settings. */
    private static VcfCredentials stored(VcfCredentials credential, StoreCredentialWriter writer) {
        VcfCredentials stored = writer.credential(credential.account());
        return stored == null ? credential : stored;
    }

    /** @throws TokenUnavailableException when the address is invalid, or the secret must not be sent */
    TokenEndpointClient tokenClient(VcfCredentials credential) throws TokenUnavailableException {
        return tokenClient(credential, retries::decorate);
    }

    /** As {@link #tokenClient}, for a form: errors contain no text of the server. */
    TokenEndpointClient tokenClientOfTyped(VcfCredentials typed) throws TokenUnavailableException {
        return tokenClient(typed, retries::decorateWithoutServerText);
    }

    private TokenEndpointClient tokenClient(VcfCredentials credential, UnaryOperator<TokenEndpointClient> decoration)
            throws TokenUnavailableException {
        try {
            return decoration.apply(credential.tokenClient(httpClient(credential)));
        } catch (IllegalArgumentException e) {
            throw invalidAddress(credential, e);
        }
    }

    /**
     * @throws TokenUnavailableException when the secret must not be sent
     * @throws IllegalArgumentException when the address is invalid
     */
    OneShotHttpClient httpClient(VcfCredentials credential) throws TokenUnavailableException {
        return httpClients.of(credential);
    }

    /** @throws TokenUnavailableException when the credential is in no store to which a new token could be written */
    StoreCredentialWriter writer(VcfCredentials credential, @CheckForNull Item near) throws TokenUnavailableException {
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
