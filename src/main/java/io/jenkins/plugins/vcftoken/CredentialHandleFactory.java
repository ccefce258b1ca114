package io.jenkins.plugins.vcftoken;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.Item;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.OneShotHttpClient;
import io.jenkins.plugins.vcftoken.oauth.RetryPolicy;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.CredentialWriter;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.CredentialLocator;
import io.jenkins.plugins.vcftoken.store.StoreCredentialWriter;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.IOException;
import java.time.InstantSource;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/** Makes of a credential what the core wants to know of it: where it lives, and how its secret is exchanged. */
final class CredentialHandleFactory {

    private final CredentialLocator locator;
    private final HttpClientFactory clients;
    private final RetryPolicy retries;

    CredentialHandleFactory(CredentialLocator locator, HttpClientFactory clients, InstantSource clock) {
        this.locator = locator;
        this.clients = clients;
        this.retries = new RetryPolicy(
                clock,
                pause -> Thread.sleep(pause.toMillis()),
                () -> ThreadLocalRandom.current().nextDouble());
    }

    /**
     * A stored credential.
     *
     * @param near the job that asks, so that the store is found quickly; may be null
     * @throws TokenUnavailableException when its secret cannot be sent, or what comes of it not be kept
     */
    CredentialHandle of(VcfCredentials credential, @CheckForNull Item near) throws TokenUnavailableException {
        return handle(credential, home(credential, near), null);
    }

    /**
     * A stored credential, as the buyer of one of its organizations' access tokens.
     *
     * @param organization empty for the credential's own access token
     * @throws TokenUnavailableException when it cannot buy any, or as for its own
     */
    CredentialHandle of(VcfCredentials credential, @CheckForNull Item near, String organization)
            throws TokenUnavailableException {
        if (organization.isEmpty()) {
            return of(credential, near);
        }
        TokenEndpointClient service = service(credential);
        if (!credential.isProvider()) {
            throw noProvider(credential, organization);
        }
        StoreCredentialWriter home = home(credential, near);
        return handle(credential, home, accessToken -> {
            VcfCredentials stored = home.credential(service.account());
            return organizationService(stored == null ? credential : stored, organization, accessToken);
        });
    }

    private CredentialHandle handle(
            VcfCredentials credential,
            StoreCredentialWriter home,
            @CheckForNull Function<AccessToken, TokenEndpointClient> derivation)
            throws TokenUnavailableException {
        TokenEndpointClient service = service(credential);
        CredentialHandle handle = new CredentialHandle(
                        credential.getId(),
                        home.location(),
                        credential.storedSecret().getPlainText(),
                        service,
                        new Keeper(home),
                        derivation)
                .asStored();
        if (service.rotates()) {
            locator.followNewId(home, service.account(), handle.token());
        }
        return handle;
    }

    private static TokenUnavailableException noProvider(VcfCredentials credential, String organization) {
        return new TokenUnavailableException(
                "Credential '" + credential.getId() + "' ("
                        + credential.account().description() + "): it cannot buy an access token of the organization '"
                        + organization
                        + "', since only a service account of VCF Automation's provider can. Use one "
                        + "whose organization is System, or leave the organization out.",
                null);
    }

    /** @throws CompletionException when the credential as it is stored by now cannot be used for that */
    private TokenEndpointClient organizationService(
            VcfCredentials credential, String organization, AccessToken accessToken) {
        try {
            TokenEndpointClient service = credential.organizationService(client(credential), organization, accessToken);
            if (service == null) {
                throw noProvider(credential, organization);
            }
            return retries.decorate(service);
        } catch (TokenUnavailableException e) {
            throw new CompletionException(e);
        }
    }

    /** What is stored at a home, and exchanged as it says there: open blocks get the trust of now, and not of before. */
    private final class Keeper implements CredentialWriter {

        private final StoreCredentialWriter home;

        Keeper(StoreCredentialWriter home) {
            this.home = home;
        }

        @Override
        public void keep(Predicate<String> sameFamily, String current, boolean again) throws IOException {
            home.keep(sameFamily, current, again);
        }

        @Override
        public CredentialLocation location() {
            return home.location();
        }

        @Override
        public String stored(Account account) {
            return home.stored(account);
        }

        @Override
        public TokenEndpointClient service(Account account) throws TokenUnavailableException {
            VcfCredentials stored = home.credential(account);
            return stored == null ? null : CredentialHandleFactory.this.service(stored);
        }
    }

    /** @throws TokenUnavailableException when its address is none, or its certificates cannot be read */
    TokenEndpointClient service(VcfCredentials credential) throws TokenUnavailableException {
        return service(credential, retries::decorate);
    }

    /** As {@link #service}, for a form: errors contain no text of the server. */
    TokenEndpointClient serviceOfTyped(VcfCredentials typed) throws TokenUnavailableException {
        return service(typed, retries::decorateWithoutServerText);
    }

    private TokenEndpointClient service(VcfCredentials credential, UnaryOperator<TokenEndpointClient> decoration)
            throws TokenUnavailableException {
        try {
            return decoration.apply(credential.service(client(credential)));
        } catch (IllegalArgumentException e) {
            throw noAddress(credential, e);
        }
    }

    static TokenUnavailableException noAddress(VcfCredentials credential, IllegalArgumentException e) {
        return new TokenUnavailableException(
                "Credential '" + credential.getId() + "': '" + credential.getUrl()
                        + "' is no address of a server. Correct it in the credential.",
                e);
    }

    /** @throws TokenUnavailableException when no store that could keep a new token holds it */
    StoreCredentialWriter home(VcfCredentials credential, @CheckForNull Item near) throws TokenUnavailableException {
        return locator.of(credential, near)
                .orElseThrow(() -> new TokenUnavailableException(
                        "Credential '" + credential.getId() + "' ("
                                + credential.account().description()
                                + "): it is not stored in the credentials of this "
                                + "controller, a folder or a user, so a rotated token could not be kept. Nothing was "
                                + "sent. Store the credential there.",
                        null));
    }

    OneShotHttpClient client(VcfCredentials credential) throws TokenUnavailableException {
        return clients.of(credential);
    }
}
