package io.jenkins.plugins.vcftoken.credentials;

import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.domains.Domain;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.Failure;
import hudson.model.ModelObject;
import hudson.util.FormValidation;
import io.jenkins.plugins.vcftoken.ConnectionTestLimit;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The button "Test connection". Sends a stored secret to the server that it is stored for, and to no other one, and
 * keeps what it may be replaced by. Sends what was typed only where nothing can be lost by it.
 */
final class ConnectionTester {

    private static final Logger LOGGER = Logger.getLogger(ConnectionTester.class.getName());

    private final CredentialFormAccess access;

    /** @param context whose store the form belongs to */
    ConnectionTester(@CheckForNull ModelObject context) {
        this.access = CredentialFormAccess.of(context);
    }

    /**
     * @param typed what the form shows
     * @param secrets the fields that secrets are posted in
     */
    FormValidation run(AbstractVcfCredentials typed, String... secrets) {
        if (!access.mayEdit()) {
            return FormValidation.error(Messages.ConnectionTester_noPermission());
        }
        SubmittedSecrets form = SubmittedSecrets.current();
        if (form != null && form.isAnyAsStoredBut(Set.of(secrets))) {
            return FormValidation.error(Messages.ConnectionTester_encrypted());
        }
        if (typed.isMasked()) {
            return FormValidation.error(Messages.AbstractVcfCredentials_masked());
        }
        FormValidation address = FormValidations.url(typed.getUrl());
        if (address.kind == FormValidation.Kind.ERROR) {
            return address;
        }
        try {
            Optional<VcfCredentials> stored = stored(typed);
            if (stored.isPresent() && stored.get().account().isSameAs(typed.account())) {
                return ConnectionTestResult.of(VcfTokenService.get().trials().ofStored(stored.get(), typed), true);
            }
            if (typed.isRotating()) {
                return FormValidation.warning(
                        typed.storedSecret().getPlainText().isBlank()
                                ? Messages.ConnectionTester_noToken()
                                : Messages.ConnectionTester_saveFirst());
            }
            if (stored.isEmpty() && form != null && form.isAnyAsStoredBut(Set.of())) {
                return FormValidation.error(Messages.ConnectionTester_typeAnew());
            }
            return ConnectionTestResult.of(VcfTokenService.get().trials().ofTyped(typed, access.context()), false);
        } catch (TokenUnavailableException e) {
            return FormValidation.error(e.getMessage());
        } catch (ConnectionTestLimit.BusyException e) {
            return FormValidation.warning(Messages.ConnectionTester_busy());
        } catch (IOException e) {
            // Only the look for the stored credential reads the ledger.
            LOGGER.log(Level.WARNING, e, () -> "The ledger cannot be read for a connection test");
            return FormValidation.error(
                    Messages.ConnectionTester_unreadable(e.getClass().getSimpleName() + ": " + e.getMessage()));
        } catch (IllegalArgumentException | Failure e) {
            return FormValidation.error(Messages.FormValidations_url_malformed());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return FormValidation.warning(Messages.ConnectionTester_interrupted());
        }
    }

    /**
     * The credential that the secret in the form is stored in, for the same server, in a store that whoever asks may
     * change. The form may still hold a token that has rotated since it was opened, by an earlier test for example.
     */
    private Optional<VcfCredentials> stored(VcfCredentials typed) throws IOException, TokenUnavailableException {
        Optional<VcfCredentials> sameServer = Optional.empty();
        for (CredentialsStore store : access.stores()) {
            if (store.hasPermission(CredentialsProvider.UPDATE)) {
                for (Domain domain : store.getDomains()) {
                    for (Credentials candidate : store.getCredentials(domain)) {
                        if (candidate instanceof VcfCredentials stored && isSameSecret(stored, typed)) {
                            if (stored.account().isSameAs(typed.account())) {
                                return Optional.of(stored);
                            }
                            sameServer = Optional.of(stored);
                        }
                    }
                }
            }
        }
        return sameServer;
    }

    private static boolean isSameSecret(VcfCredentials stored, VcfCredentials typed)
            throws IOException, TokenUnavailableException {
        try {
            return stored.getClass() == typed.getClass()
                    && stored.account().host().equals(typed.account().host())
                    && VcfTokenService.get()
                            .administration()
                            .areRelated(
                                    stored.account(),
                                    stored.storedSecret().getPlainText(),
                                    typed.storedSecret().getPlainText());
        } catch (IllegalArgumentException e) {
            // What is stored has no address of a server, so it is not the one of the form.
            return false;
        }
    }
}
