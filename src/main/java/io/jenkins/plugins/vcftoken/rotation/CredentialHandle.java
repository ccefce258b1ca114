package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import java.util.function.Function;

/**
 * A credential as {@link TokenManager} sees it: its secret, its location, the client of its server, and the writer of
 * rotated tokens. Compared by identity, since the location may change.
 */
public final class CredentialHandle {

    private final String name;
    private final CredentialLocation initialLocation;
    private final String token;
    private final TokenEndpointClient service;
    private final CredentialWriter keeper;

    @CheckForNull
    private final Function<AccessToken, TokenEndpointClient> derivation;

    /** As the other constructor, for the credential's own access token. */
    public CredentialHandle(
            String name,
            CredentialLocation location,
            String token,
            TokenEndpointClient service,
            CredentialWriter keeper) {
        this(name, location, token, service, keeper, null);
    }

    /**
     * @param name for messages
     * @param location where the credential is stored, unless the writer returns a newer location; a former token leads
     *     to its family only from there
     * @param token the stored secret: the initial token, the current one, or one in between
     * @param service the client that requests access tokens with it
     * @param keeper writes a rotated token back to the location
     * @param derivation for the access token of another organization: makes the client that requests it with the
     *     credential's own access token; else null
     */
    public CredentialHandle(
            String name,
            CredentialLocation location,
            String token,
            TokenEndpointClient service,
            CredentialWriter keeper,
            @CheckForNull Function<AccessToken, TokenEndpointClient> derivation) {
        this.name = name;
        this.initialLocation = location;
        this.token = token;
        this.service = service;
        this.keeper = keeper;
        this.derivation = derivation;
    }

    public String name() {
        return name;
    }

    /**
     * Where the credential is stored now. Changes when the folder of an open block's credential is renamed, so that no
     * family is bound to a name that another folder may have by then.
     */
    public CredentialLocation location() {
        CredentialLocation now = keeper.location();
        return now == null ? initialLocation : now;
    }

    public String token() {
        return token;
    }

    public TokenEndpointClient service() {
        return service;
    }

    public CredentialWriter keeper() {
        return keeper;
    }

    @CheckForNull
    public Function<AccessToken, TokenEndpointClient> derivation() {
        return derivation;
    }

    /**
     * The same credential with the secret and the settings that are stored now.
     *
     * @throws TokenUnavailableException when no access token can be requested with these
     */
    public CredentialHandle asStored() throws TokenUnavailableException {
        String storedToken = keeper.stored(service.account());
        TokenEndpointClient storedService = keeper.service(service.account());
        boolean sameToken = storedToken == null || storedToken.isBlank() || storedToken.equals(token);
        if (sameToken && storedService == null) {
            return this;
        }
        return new CredentialHandle(
                name,
                initialLocation,
                sameToken ? token : storedToken,
                storedService == null ? service : storedService,
                keeper,
                derivation);
    }

    /** The same credential for its own access token. */
    CredentialHandle withoutDerivation() {
        return new CredentialHandle(name, initialLocation, token, service, keeper);
    }

    /**
     * For the access token of another organization. Its family ID comes from the provider's family ID, which stays the
     * same while the provider's tokens rotate. There is no token to write back.
     */
    CredentialHandle exchangeForTenant(Function<AccessToken, TokenEndpointClient> clients, TokenResult provider) {
        return new CredentialHandle(
                name,
                location(),
                provider.familyId(),
                clients.apply(provider.accessToken()),
                (sameFamily, current, again) -> {});
    }

    /** For messages: "Credential 'sa' (VCF Automation at https://…, organization 'acme')". */
    public String description() {
        return "Credential '" + name + "' (" + service.account().description() + ")";
    }

    @Override
    public String toString() {
        return description();
    }
}
