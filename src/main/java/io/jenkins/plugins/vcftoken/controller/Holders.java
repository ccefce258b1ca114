package io.jenkins.plugins.vcftoken.controller;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.Item;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.exchange.Retries;
import io.jenkins.plugins.vcftoken.exchange.TokenClient;
import io.jenkins.plugins.vcftoken.exchange.TokenService;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.family.Holder;
import io.jenkins.plugins.vcftoken.family.Place;
import io.jenkins.plugins.vcftoken.family.TokenKeeper;
import io.jenkins.plugins.vcftoken.store.CredentialHome;
import io.jenkins.plugins.vcftoken.store.CredentialHomes;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.IOException;
import java.time.InstantSource;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.function.Predicate;

/** Makes of a credential what the core wants to know of it: where it lives, and how its secret is exchanged. */
final class Holders {

    private final CredentialHomes homes;
    private final TokenClients clients;
    private final Retries retries;

    Holders(CredentialHomes homes, TokenClients clients, InstantSource clock) {
        this.homes = homes;
        this.clients = clients;
        this.retries = new Retries(
                clock,
                pause -> Thread.sleep(pause.toMillis()),
                () -> ThreadLocalRandom.current().nextDouble());
    }

    /**
     * A stored credential.
     *
     * @param near the job that asks, so that the store is found quickly; may be null
     * @throws FamilyException when its secret cannot be sent, or what comes of it not be kept
     */
    Holder of(VcfCredentials credential, @CheckForNull Item near) throws FamilyException {
        return holder(credential, home(credential, near), null);
    }

    /**
     * A stored credential, as the buyer of one of its organizations' bearers.
     *
     * @param organization empty for the credential's own bearer
     * @throws FamilyException when it cannot buy any, or as for its own
     */
    Holder of(VcfCredentials credential, @CheckForNull Item near, String organization) throws FamilyException {
        if (organization.isEmpty()) {
            return of(credential, near);
        }
        TokenService service = service(credential);
        if (!credential.isProvider()) {
            throw noProvider(credential, organization);
        }
        CredentialHome home = home(credential, near);
        return holder(credential, home, bearer -> {
            VcfCredentials stored = home.credential(service.endpoint());
            return organizationService(stored == null ? credential : stored, organization, bearer);
        });
    }

    private Holder holder(
            VcfCredentials credential, CredentialHome home, @CheckForNull Function<Bearer, TokenService> derivation)
            throws FamilyException {
        TokenService service = service(credential);
        Holder holder = new Holder(
                        credential.getId(),
                        home.place(),
                        credential.storedSecret().getPlainText(),
                        service,
                        new Keeper(home),
                        derivation)
                .asStored();
        if (service.rotates()) {
            homes.followNewId(home, service.endpoint(), holder.token());
        }
        return holder;
    }

    private static FamilyException noProvider(VcfCredentials credential, String organization) {
        return new FamilyException(
                "Credential '" + credential.getId() + "' ("
                        + credential.endpoint().description() + "): it cannot buy a bearer of the organization '"
                        + organization
                        + "', since only a service account of VCF Automation's provider can. Use one "
                        + "whose organization is System, or leave the organization out.",
                null);
    }

    /** @throws CompletionException when the credential as it is stored by now cannot be used for that */
    private TokenService organizationService(VcfCredentials credential, String organization, Bearer bearer) {
        try {
            TokenService service = credential.organizationService(client(credential), organization, bearer);
            if (service == null) {
                throw noProvider(credential, organization);
            }
            return retries.of(service);
        } catch (FamilyException e) {
            throw new CompletionException(e);
        }
    }

    /** What is stored at a home, and exchanged as it says there: open blocks get the trust of now, and not of before. */
    private final class Keeper implements TokenKeeper {

        private final CredentialHome home;

        Keeper(CredentialHome home) {
            this.home = home;
        }

        @Override
        public void keep(Predicate<String> sameFamily, String current, boolean again) throws IOException {
            home.keep(sameFamily, current, again);
        }

        @Override
        public Place place() {
            return home.place();
        }

        @Override
        public String stored(Endpoint endpoint) {
            return home.stored(endpoint);
        }

        @Override
        public TokenService service(Endpoint endpoint) throws FamilyException {
            VcfCredentials stored = home.credential(endpoint);
            return stored == null ? null : Holders.this.service(stored);
        }
    }

    /** @throws FamilyException when its address is none, or its certificates cannot be read */
    TokenService service(VcfCredentials credential) throws FamilyException {
        try {
            return retries.of(credential.service(client(credential)));
        } catch (IllegalArgumentException e) {
            throw noAddress(credential, e);
        }
    }

    static FamilyException noAddress(VcfCredentials credential, IllegalArgumentException e) {
        return new FamilyException(
                "Credential '" + credential.getId() + "': '" + credential.getUrl()
                        + "' is no address of a server. Correct it in the credential.",
                e);
    }

    /** @throws FamilyException when no store that could keep a new token holds it */
    CredentialHome home(VcfCredentials credential, @CheckForNull Item near) throws FamilyException {
        return homes.of(credential, near)
                .orElseThrow(() -> new FamilyException(
                        "Credential '" + credential.getId() + "' ("
                                + credential.endpoint().description()
                                + "): it is not stored in the credentials of this "
                                + "controller, a folder or a user, so a rotated token could not be kept. Nothing was "
                                + "sent. Store the credential there.",
                        null));
    }

    TokenClient client(VcfCredentials credential) throws FamilyException {
        return clients.of(credential);
    }
}
