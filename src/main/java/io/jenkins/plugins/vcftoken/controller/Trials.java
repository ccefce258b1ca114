package io.jenkins.plugins.vcftoken.controller;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.ModelObject;
import io.jenkins.plugins.vcftoken.exchange.ExchangeException;
import io.jenkins.plugins.vcftoken.exchange.TokenService;
import io.jenkins.plugins.vcftoken.exchange.WordlessService;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.family.Holder;
import io.jenkins.plugins.vcftoken.family.Supply;
import io.jenkins.plugins.vcftoken.store.CredentialHomes;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.time.Instant;
import java.util.logging.Level;
import java.util.logging.Logger;

/** What a person tries out from a form. Each trial is one exchange, on the same way as a build's. */
public final class Trials {

    /** The ID of what a form shows, for messages. */
    public static final String UNSAVED = "not saved yet";

    private static final Logger LOGGER = Logger.getLogger(Trials.class.getName());

    private final VcfTokens tokens;

    public Trials(VcfTokens tokens) {
        this.tokens = tokens;
    }

    /**
     * @param supply the bearer, and what stood in the way of a better one
     * @param secretEnds when the stored secret itself ends; null when it never does, or nobody tells
     */
    public record Outcome(Supply supply, @CheckForNull Instant secretEnds) {}

    /**
     * Exchanges the stored secret, and keeps what it may be replaced by.
     *
     * @param shown the same endpoint, with the certificates that the form has
     * @throws FamilyException when there is no bearer
     */
    public Outcome ofStored(VcfCredentials stored, VcfCredentials shown) throws FamilyException, InterruptedException {
        Holder holder = tokens.holders().of(stored, null);
        return run(
                new Holder(
                        holder.name(),
                        holder.place(),
                        holder.token(),
                        tokens.holders().service(shown),
                        holder.keeper()),
                true);
    }

    /**
     * Exchanges a secret that was typed and is not stored; only of a kind whose secrets do not rotate.
     *
     * @param context whose store the form belongs to
     * @throws FamilyException when there is no bearer
     */
    public Outcome ofTyped(VcfCredentials typed, ModelObject context) throws FamilyException, InterruptedException {
        TokenService service = new WordlessService(tokens.holders().service(typed));
        if (service.rotates()) {
            throw new IllegalArgumentException("A secret that may rotate is not sent before it can be kept");
        }
        Holder holder = new Holder(
                UNSAVED,
                CredentialHomes.unsavedIn(context),
                typed.storedSecret().getPlainText(),
                service,
                (family, token, again) -> {});
        return run(holder, false);
    }

    private Outcome run(Holder holder, boolean stored) throws FamilyException, InterruptedException {
        Supply supply = tokens.leases().trial(holder, stored);
        return new Outcome(supply, secretEnds(holder, supply));
    }

    /** Nice to know; the trial has succeeded without. */
    @CheckForNull
    private static Instant secretEnds(Holder holder, Supply supply) {
        if (supply.rotated() && !holder.service().tellsBearersOnly()) {
            return null;
        }
        try {
            return SecretExpiry.of(holder, supply::bearer).ends();
        } catch (ExchangeException e) {
            LOGGER.log(Level.FINE, e, () -> holder.description() + ": it cannot be told when its secret ends");
            return null;
        }
    }
}
