package io.jenkins.plugins.vcftoken.controller;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.Item;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.Retries;
import io.jenkins.plugins.vcftoken.exchange.TokenClient;
import io.jenkins.plugins.vcftoken.exchange.TokenService;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.family.Holder;
import io.jenkins.plugins.vcftoken.store.CredentialHome;
import io.jenkins.plugins.vcftoken.store.CredentialHomes;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.time.InstantSource;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;

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
     * The same account, as the buyer of one of its organizations' bearers.
     *
     * @throws FamilyException when it cannot buy any
     */
    Holder inOrganization(Holder holder, VcfCredentials credential, String organization) throws FamilyException {
        if (!credential.isProvider()) {
            throw new FamilyException(
                    holder.description() + ": it cannot buy a bearer of the organization '" + organization
                            + "', since only a service account of VCF Automation's provider can. Use one whose "
                            + "organization is System, or leave the organization out.",
                    null);
        }
        TokenClient client = client(credential);
        Function<Bearer, TokenService> derivation =
                bearer -> retries.of(credential.organizationService(client, organization, bearer));
        return new Holder(holder.name(), holder.place(), holder.token(), holder.service(), holder.keeper(), derivation);
    }

    /**
     * A stored credential.
     *
     * @param near the job that asks, so that the store is found quickly; may be null
     * @throws FamilyException when its secret cannot be sent, or what comes of it not be kept
     */
    Holder of(VcfCredentials credential, @CheckForNull Item near) throws FamilyException {
        TokenService service = service(credential);
        CredentialHome home = home(credential, near);
        Holder holder = new Holder(
                        credential.getId(),
                        home.place(),
                        credential.storedSecret().getPlainText(),
                        service,
                        home)
                .asStored();
        if (service.rotates()) {
            homes.followNewId(home, service.endpoint(), holder.token());
        }
        return holder;
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
