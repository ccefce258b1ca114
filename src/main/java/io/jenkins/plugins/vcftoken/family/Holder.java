package io.jenkins.plugins.vcftoken.family;

import io.jenkins.plugins.vcftoken.exchange.TokenService;

/**
 * A credential as the core sees it: what it stores, where it stands, and how to put a newer token back there.
 *
 * @param name how people call it, for messages
 * @param place where it is stored; the only place at which a token that was rotated away still leads to its family
 * @param token what is stored there now: the seed, the current token, or one in between
 * @param keeper takes a rotated token back to that place
 */
public record Holder(String name, Place place, String token, TokenService service, TokenKeeper keeper) {

    /** For messages: "Credential 'sa' (VCF Automation at https://…, organization 'acme')". */
    public String description() {
        return "Credential '" + name + "' (" + service.endpoint().description() + ")";
    }

    @Override
    public String toString() {
        return description();
    }
}
