package io.jenkins.plugins.vcftoken.credentials;

import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.domains.Domain;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.Failure;
import hudson.model.ModelObject;
import hudson.util.FormValidation;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.controller.Trials;
import io.jenkins.plugins.vcftoken.controller.VcfTokens;
import io.jenkins.plugins.vcftoken.family.FamilyException;
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
final class ConnectionTest {

    private static final Logger LOGGER = Logger.getLogger(ConnectionTest.class.getName());

    private final FormAccess access;

    /** @param context whose store the form belongs to */
    ConnectionTest(@CheckForNull ModelObject context) {
        this.access = FormAccess.of(context);
    }

    /**
     * @param typed what the form shows
     * @param secrets the fields that secrets are posted in
     */
    FormValidation run(AbstractVcfCredentials typed, String... secrets) {
        if (!access.mayEdit()) {
            return FormValidation.error(Messages.ConnectionTest_noPermission());
        }
        PostedForm form = PostedForm.current();
        if (form != null && form.isAnyAsStoredBut(Set.of(secrets))) {
            return FormValidation.error(Messages.ConnectionTest_encrypted());
        }
        if (typed.isMasked()) {
            return FormValidation.error(Messages.AbstractVcfCredentials_masked());
        }
        FormValidation address = FieldChecks.url(typed.getUrl());
        if (address.kind == FormValidation.Kind.ERROR) {
            return address;
        }
        try {
            Optional<VcfCredentials> stored = stored(typed);
            if (stored.isPresent() && stored.get().endpoint().isSameAs(typed.endpoint())) {
                return TestReport.of(VcfTokens.get().trials().ofStored(stored.get(), typed), true);
            }
            if (typed.isRotating()) {
                return FormValidation.warning(
                        typed.storedSecret().getPlainText().isBlank()
                                ? Messages.ConnectionTest_noToken()
                                : Messages.ConnectionTest_saveFirst());
            }
            if (stored.isEmpty() && form != null && form.isAnyAsStoredBut(Set.of())) {
                return FormValidation.error(Messages.ConnectionTest_typeAnew());
            }
            return TestReport.of(VcfTokens.get().trials().ofTyped(typed, access.context()), false);
        } catch (FamilyException e) {
            return FormValidation.error(e.getMessage());
        } catch (Trials.BusyException e) {
            return FormValidation.warning(Messages.ConnectionTest_busy());
        } catch (IOException e) {
            // Only the look for the stored credential reads the ledger.
            LOGGER.log(Level.WARNING, e, () -> "The ledger cannot be read for a connection test");
            return FormValidation.error(
                    Messages.ConnectionTest_unreadable(e.getClass().getSimpleName() + ": " + e.getMessage()));
        } catch (IllegalArgumentException | Failure e) {
            return FormValidation.error(Messages.FieldChecks_url_malformed());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return FormValidation.warning(Messages.ConnectionTest_interrupted());
        }
    }

    /**
     * The credential that the secret in the form is stored in, for the same server, in a store that whoever asks may
     * change. The form may still hold a token that has rotated since it was opened, by an earlier test for example.
     */
    private Optional<VcfCredentials> stored(VcfCredentials typed) throws IOException, FamilyException {
        Optional<VcfCredentials> sameServer = Optional.empty();
        for (CredentialsStore store : access.stores()) {
            if (store.hasPermission(CredentialsProvider.UPDATE)) {
                for (Domain domain : store.getDomains()) {
                    for (Credentials candidate : store.getCredentials(domain)) {
                        if (candidate instanceof VcfCredentials stored && isSameSecret(stored, typed)) {
                            if (stored.endpoint().isSameAs(typed.endpoint())) {
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
            throws IOException, FamilyException {
        try {
            return stored.getClass() == typed.getClass()
                    && stored.endpoint().host().equals(typed.endpoint().host())
                    && VcfTokens.get()
                            .administration()
                            .areRelated(
                                    stored.endpoint(),
                                    stored.storedSecret().getPlainText(),
                                    typed.storedSecret().getPlainText());
        } catch (IllegalArgumentException e) {
            // What is stored has no address of a server, so it is not the one of the form.
            return false;
        }
    }
}
