package io.jenkins.plugins.vcftoken;

import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.FamilyLookup;
import java.io.IOException;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;

/** What this controller's ledger says; it makes none in order to be asked. */
record LedgerFamilyLookup(VcfTokenService tokens) implements FamilyLookup {

    private static final Logger LOGGER = Logger.getLogger(LedgerFamilyLookup.class.getName());

    @Override
    public boolean areRelated(Account account, String one, String other) {
        try {
            return one.equals(other)
                    || (tokens.hasLedger() && tokens.administration().areRelated(account, one, other));
        } catch (IOException | TokenUnavailableException e) {
            LOGGER.log(Level.WARNING, e, () -> "It cannot be told whose token it is: " + account.description());
            return false;
        }
    }

    @Override
    public Set<CredentialLocation> placesOfSpent(Account account, String token) {
        try {
            return tokens.hasLedger() ? tokens.administration().placesOfSpent(account, token) : Set.of();
        } catch (IOException | TokenUnavailableException e) {
            LOGGER.log(Level.WARNING, e, () -> "It cannot be told whose token it is: " + account.description());
            return Set.of();
        }
    }

    @Override
    public void follow(Account account, String token, CredentialLocation from, CredentialLocation to) {
        try {
            if (tokens.hasLedger()) {
                tokens.administration().follow(account, token, from, to);
            }
        } catch (IOException | TokenUnavailableException e) {
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
