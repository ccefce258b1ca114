package io.jenkins.plugins.vcftoken.credentials;

import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.domains.Domain;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.ModelObject;
import hudson.security.ACL;
import hudson.security.ACLContext;
import hudson.security.AccessControlled;
import hudson.util.FormValidation;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.controller.VcfTokens;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.IOException;
import java.util.Optional;
import jenkins.model.Jenkins;

/** The button "Test connection". */
final class ConnectionTest {

    private ConnectionTest() {}

    /**
     * Exchanges the secret of the saved credential that the form shows, so that a rotated token is kept; never what
     * stands in the form alone.
     *
     * @param context whose store the form belongs to
     */
    static FormValidation run(@CheckForNull ModelObject context, VcfCredentials typed) {
        AccessControlled owner = context instanceof AccessControlled controlled ? controlled : Jenkins.get();
        if (!owner.hasPermission(CredentialsProvider.CREATE) && !owner.hasPermission(CredentialsProvider.UPDATE)) {
            return FormValidation.error(Messages.ConnectionTest_noPermission());
        }
        try {
            Optional<VcfCredentials> saved = saved(context == null ? Jenkins.get() : context, typed);
            if (saved.isEmpty()) {
                return FormValidation.warning(Messages.ConnectionTest_saveFirst());
            }
            Bearer bearer = VcfTokens.get().once(saved.get());
            return FormValidation.ok(Messages.ConnectionTest_works(
                    bearer.expiresAt(), bearer.lifetime().toMinutes()));
        } catch (FamilyException e) {
            return FormValidation.error(e.getMessage());
        } catch (IOException | IllegalArgumentException e) {
            return FormValidation.error(Messages.FieldChecks_url_malformed());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return FormValidation.warning(Messages.ConnectionTest_saveFirst());
        }
    }

    /** The form may still hold a token that has rotated since it was opened, by an earlier test for example. */
    private static Optional<VcfCredentials> saved(ModelObject context, VcfCredentials typed)
            throws IOException, FamilyException {
        String secret = typed.storedSecret().getPlainText();
        if (secret.isEmpty()) {
            return Optional.empty();
        }
        try (ACLContext asSystem = ACL.as2(ACL.SYSTEM2)) {
            for (CredentialsStore store : CredentialsProvider.lookupStores(context)) {
                for (Domain domain : store.getDomains()) {
                    for (Credentials candidate : store.getCredentials(domain)) {
                        if (store.getContext() == context
                                && candidate instanceof VcfCredentials saved
                                && saved.getClass() == typed.getClass()
                                && saved.endpoint().equals(typed.endpoint())
                                && VcfTokens.get()
                                        .administration()
                                        .areRelated(
                                                saved.endpoint(),
                                                saved.storedSecret().getPlainText(),
                                                secret)) {
                            return Optional.of(saved);
                        }
                    }
                }
            }
        }
        return Optional.empty();
    }
}
