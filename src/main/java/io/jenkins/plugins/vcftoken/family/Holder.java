package io.jenkins.plugins.vcftoken.family;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.TokenService;
import java.util.function.Function;

/**
 * A credential as the core sees it: what it stores, where it is stored, and how to put a newer token back there. Two are
 * equal only if they are the same object, since the place of each may change.
 */
public final class Holder {

    private final String name;
    private final Place givenPlace;
    private final String token;
    private final TokenService service;
    private final TokenKeeper keeper;

    @CheckForNull
    private final Function<Bearer, TokenService> derivation;

    /** As the other constructor, for the credential's own bearer. */
    public Holder(String name, Place place, String token, TokenService service, TokenKeeper keeper) {
        this(name, place, token, service, keeper, null);
    }

    /**
     * @param name how people call it, for messages
     * @param place where it is stored, unless the keeper knows better; the only place at which a token that was rotated
     *     away still leads to its family
     * @param token what is stored there now: the seed, the current token, or one in between
     * @param service how the token is exchanged
     * @param keeper takes a rotated token back to that place
     * @param derivation null, or what is wanted is another bearer that this credential's own bearer buys: the service that
     *     sells it for the given one
     */
    public Holder(
            String name,
            Place place,
            String token,
            TokenService service,
            TokenKeeper keeper,
            @CheckForNull Function<Bearer, TokenService> derivation) {
        this.name = name;
        this.givenPlace = place;
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
    public Place place() {
        Place now = keeper.place();
        return now == null ? givenPlace : now;
    }

    public String token() {
        return token;
    }

    public TokenService service() {
        return service;
    }

    public TokenKeeper keeper() {
        return keeper;
    }

    @CheckForNull
    public Function<Bearer, TokenService> derivation() {
        return derivation;
    }

    /**
     * With the token that is stored now, and exchanged as the credential says now.
     *
     * @throws FamilyException when what is stored now cannot be exchanged
     */
    public Holder asStored() throws FamilyException {
        String storedToken = keeper.stored(service.endpoint());
        TokenService storedService = keeper.service(service.endpoint());
        boolean sameToken = storedToken == null || storedToken.isBlank() || storedToken.equals(token);
        if (sameToken && storedService == null) {
            return this;
        }
        return new Holder(
                name,
                givenPlace,
                sameToken ? token : storedToken,
                storedService == null ? service : storedService,
                keeper,
                derivation);
    }

    /** Itself, for its own bearer. */
    Holder underived() {
        return new Holder(name, givenPlace, token, service, keeper);
    }

    /**
     * The one who wants the derived bearer. Its family is found by the family that pays for it, whose tokens may rotate
     * while this stays the same, and has nothing to keep.
     */
    Holder derived(Function<Bearer, TokenService> services, Supply payment) {
        return new Holder(
                name, place(), payment.familyId(), services.apply(payment.bearer()), (family, token, again) -> {});
    }

    /** For messages: "Credential 'sa' (VCF Automation at https://…, organization 'acme')". */
    public String description() {
        return "Credential '" + name + "' (" + service.endpoint().description() + ")";
    }

    @Override
    public String toString() {
        return description();
    }
}
