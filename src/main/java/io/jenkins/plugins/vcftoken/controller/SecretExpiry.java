package io.jenkins.plugins.vcftoken.controller;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.ExchangeException;
import io.jenkins.plugins.vcftoken.exchange.TokenService;
import io.jenkins.plugins.vcftoken.family.Holder;
import java.time.Instant;
import java.util.function.Supplier;

/**
 * When a stored secret itself ends.
 *
 * @param asked false when the server tells only whoever has a bearer, and none was at hand: worth another try later
 * @param ends null when that is not known, or never
 */
public record SecretExpiry(boolean asked, @CheckForNull Instant ends) {

    /**
     * Asks the server, and spends nothing; blocks.
     *
     * @param atHand gives a living bearer of the holder's, or null; none is bought
     */
    static SecretExpiry of(Holder holder, Supplier<Bearer> atHand) throws ExchangeException {
        TokenService service = holder.service();
        if (holder.token().isBlank()) {
            return new SecretExpiry(true, null);
        }
        if (!service.tellsBearersOnly()) {
            return new SecretExpiry(true, service.secretExpiry(holder.token()));
        }
        Bearer bearer = atHand.get();
        return bearer == null ? new SecretExpiry(false, null) : new SecretExpiry(true, service.secretExpiry(bearer));
    }
}
