package io.jenkins.plugins.vcftoken.binding;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsUseListener;
import com.cloudbees.plugins.credentials.common.IdCredentials;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.AbortException;
import hudson.model.Cause;
import hudson.model.Fingerprint;
import hudson.model.Run;
import hudson.model.User;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.store.CredentialScanner;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.IOException;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Looks up the credential of a build. */
public final class CredentialLookup {

    private static final Logger LOGGER = Logger.getLogger(CredentialLookup.class.getName());

    private CredentialLookup() {}

    /**
     * Looks up a credential and tracks its usage.
     *
     * @throws AbortException as {@link #find}
     */
    public static VcfCredentials findAndTrack(String credentialsId, Run<?, ?> run) throws AbortException {
        VcfCredentials credentials = find(credentialsId, run);
        // Jenkins writes each usage to disk synchronously, which takes longer than the rest of a block with a cached
        // access token. If the build is tracked already, only the listeners are notified.
        if (isTracked(credentials, run)) {
            CredentialsUseListener.fireUse(credentials, run);
        } else {
            CredentialsProvider.track(run, credentials);
        }
        return credentials;
    }

    private static boolean isTracked(VcfCredentials credentials, Run<?, ?> run) {
        try {
            Fingerprint usage = CredentialsProvider.getFingerprintOf(credentials);
            return usage != null && usage.getRangeSet(run.getParent()).includes(run.getNumber());
        } catch (IOException e) {
            LOGGER.log(Level.FINE, e, () -> "The usage of " + credentials.getId() + " cannot be read");
            return false;
        }
    }

    /**
     * @throws AbortException if the credential does not exist or is of another kind; the message is suitable for the
     *     build log
     */
    public static VcfCredentials find(String credentialsId, Run<?, ?> run) throws AbortException {
        if (credentialsId.isBlank()) {
            throw new AbortException(Messages.CredentialLookup_none());
        }
        IdCredentials found =
                CredentialsProvider.findCredentialById(credentialsId, IdCredentials.class, run, List.of());
        if (found == null) {
            User starter = findStarter(run);
            throw new AbortException(
                    starter != null && CredentialScanner.isPersonalOf(starter, credentialsId)
                            ? Messages.CredentialLookup_personal(credentialsId, starter.getId(), "'${NAME}'")
                            : Messages.CredentialLookup_notFound(credentialsId));
        }
        if (!(found instanceof VcfCredentials credentials)) {
            throw new AbortException(Messages.CredentialLookup_otherKind(
                    credentialsId, found.getDescriptor().getDisplayName()));
        }
        return credentials;
    }

    @CheckForNull
    private static User findStarter(Run<?, ?> run) {
        Cause.UserIdCause cause = run.getCause(Cause.UserIdCause.class);
        String id = cause == null ? null : cause.getUserId();
        return id == null ? null : User.getById(id, false);
    }
}
