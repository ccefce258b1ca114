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
import java.io.Serial;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.Jenkins;

/**
 * What a person tries out from a form. Each trial is one exchange, on the same way as a build's, and waits on the thread of
 * its HTTP request. So that servers that do not answer cannot take all of these, there are few at a time, and one of each
 * user.
 */
public final class Trials {

    /** The ID of what a form shows, for messages. */
    public static final String UNSAVED = "not saved yet";

    private static final Logger LOGGER = Logger.getLogger(Trials.class.getName());

    /** At one time, of all users. */
    private static final int AT_ONCE = 8;

    private final VcfTokens tokens;

    /** Names of users who are trying something out. */
    private final Set<String> users = new HashSet<>();

    Trials(VcfTokens tokens) {
        this.tokens = tokens;
    }

    /** There are as many trials as there may be. Nothing was sent. */
    public static final class BusyException extends Exception {
        @Serial
        private static final long serialVersionUID = 1;
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
     * @throws BusyException when this user, or too many others, are trying something out
     */
    public Outcome ofStored(VcfCredentials stored, VcfCredentials shown)
            throws FamilyException, BusyException, InterruptedException {
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
     * @throws BusyException when this user, or too many others, are trying something out
     */
    public Outcome ofTyped(VcfCredentials typed, ModelObject context)
            throws FamilyException, BusyException, InterruptedException {
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

    private Outcome run(Holder holder, boolean stored) throws FamilyException, BusyException, InterruptedException {
        String user = Jenkins.getAuthentication2().getName();
        synchronized (users) {
            if (users.size() == AT_ONCE || !users.add(user)) {
                throw new BusyException();
            }
        }
        try {
            Supply supply = tokens.leases().trial(holder, stored);
            return new Outcome(supply, secretEnds(holder, supply));
        } finally {
            synchronized (users) {
                users.remove(user);
            }
        }
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
