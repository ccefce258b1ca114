package io.jenkins.plugins.vcftoken.family;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.TokenService;
import java.util.function.Function;

/**
 * A credential as the core sees it: what it stores, where it stands, and how to put a newer token back there.
 *
 * @param name how people call it, for messages
 * @param place where it is stored, unless the keeper knows better; the only place at which a token that was rotated away
 *     still leads to its family
 * @param token what is stored there now: the seed, the current token, or one in between
 * @param keeper takes a rotated token back to that place
 * @param derivation null, or what is wanted is another bearer that this credential's own bearer buys: the service that
 *     sells it for the given one
 */
public record Holder(
        String name,
        Place place,
        String token,
        TokenService service,
        TokenKeeper keeper,
        @CheckForNull Function<Bearer, TokenService> derivation) {

    public Holder(String name, Place place, String token, TokenService service, TokenKeeper keeper) {
        this(name, place, token, service, keeper, null);
    }

    /**
     * Where it is stored now. Of a holder that an open block has, this changes when its folder is renamed, so that no
     * family is bound to a name that may be another folder's by then.
     */
    @Override
    public Place place() {
        Place now = keeper.place();
        return now == null ? place : now;
    }

    /** With the token that is stored now. */
    public Holder asStored() {
        String now = keeper.stored(service.endpoint());
        return now == null || now.isBlank() || now.equals(token)
                ? this
                : new Holder(name, place, now, service, keeper, derivation);
    }

    /** Itself, for its own bearer. */
    Holder underived() {
        return new Holder(name, place, token, service, keeper);
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
