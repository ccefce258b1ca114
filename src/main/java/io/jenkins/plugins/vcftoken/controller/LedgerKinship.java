package io.jenkins.plugins.vcftoken.controller;

import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.family.Place;
import io.jenkins.plugins.vcftoken.store.Kinship;
import java.io.IOException;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;

/** What this controller's ledger says; it makes none in order to be asked. */
record LedgerKinship(VcfTokens tokens) implements Kinship {

    private static final Logger LOGGER = Logger.getLogger(LedgerKinship.class.getName());

    @Override
    public boolean areRelated(Endpoint endpoint, String one, String other) {
        try {
            return one.equals(other)
                    || (tokens.hasLedger() && tokens.administration().areRelated(endpoint, one, other));
        } catch (IOException | FamilyException e) {
            LOGGER.log(Level.WARNING, e, () -> "It cannot be told whose token it is: " + endpoint.description());
            return false;
        }
    }

    @Override
    public Set<Place> placesOfSpent(Endpoint endpoint, String token) {
        try {
            return tokens.hasLedger() ? tokens.administration().placesOfSpent(endpoint, token) : Set.of();
        } catch (IOException | FamilyException e) {
            LOGGER.log(Level.WARNING, e, () -> "It cannot be told whose token it is: " + endpoint.description());
            return Set.of();
        }
    }

    @Override
    public void follow(Endpoint endpoint, String token, Place from, Place to) {
        try {
            if (tokens.hasLedger()) {
                tokens.administration().follow(endpoint, token, from, to);
            }
        } catch (IOException | FamilyException e) {
            LOGGER.log(
                    Level.WARNING,
                    e,
                    () -> "The token record of credential '" + to.credentialsId() + "' could not follow its move from "
                            + from.context() + " to " + to.context());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
