package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import java.util.function.Function;

/**
 * A credential as the core sees it: what it stores, where it is stored, and how to put a newer token back there. Two are
 * equal only if they are the same object, since the place of each may change.
 */
public final class CredentialHandle {

    private final String name;
    private final CredentialLocation givenPlace;
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
     * @param name how people call it, for messages
     * @param location where it is stored, unless the keeper knows better; the only place at which a token that was rotated
     *     away still leads to its family
     * @param token what is stored there now: the initial token, the current token, or one in between
     * @param service how the token is exchanged
     * @param keeper takes a rotated token back to that place
     * @param derivation null, or what is wanted is another access token that this credential's own access token buys: the service that
     *     sells it for the given one
     */
    public CredentialHandle(
            String name,
            CredentialLocation location,
            String token,
            TokenEndpointClient service,
            CredentialWriter keeper,
            @CheckForNull Function<AccessToken, TokenEndpointClient> derivation) {
        this.name = name;
        this.givenPlace = location;
        this.token = token;
        this.service = service;
        this.keeper = keeper;
        this.derivation = derivation;
    }

    public String name() {
        return name;
    }

    /**
     * Where it is stored now. Of a holder that an open block has, this changes when its folder is renamed, so that no
     * family is bound to a name that may be another folder's by then.
     */
    public CredentialLocation location() {
        CredentialLocation now = keeper.location();
        return now == null ? givenPlace : now;
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
     * With the token that is stored now, and exchanged as the credential says now.
     *
     * @throws TokenUnavailableException when what is stored now cannot be exchanged
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
                givenPlace,
                sameToken ? token : storedToken,
                storedService == null ? service : storedService,
                keeper,
                derivation);
    }

    /** Itself, for its own access token. */
    CredentialHandle underived() {
        return new CredentialHandle(name, givenPlace, token, service, keeper);
    }

    /**
     * The one who wants the derived access token. Its family is found by the family that pays for it, whose tokens may rotate
     * while this stays the same, and has nothing to keep.
     */
    CredentialHandle exchangeForTenant(Function<AccessToken, TokenEndpointClient> services, TokenResult payment) {
        return new CredentialHandle(
                name,
                location(),
                payment.familyId(),
                services.apply(payment.accessToken()),
                (family, token, again) -> {});
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
