package io.jenkins.plugins.vcftoken.block;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.common.IdCredentials;
import hudson.AbortException;
import hudson.model.Run;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.util.List;

/** Finds the credential that a build names. */
public final class BlockCredentials {

    private BlockCredentials() {}

    /** Finds it for a block that opens, and has Jenkins note that it is used. */
    public static VcfCredentials use(String credentialsId, Run<?, ?> run) throws AbortException {
        VcfCredentials credentials = find(credentialsId, run);
        CredentialsProvider.track(run, credentials);
        return credentials;
    }

    /** @throws AbortException when there is none, or another kind; its message is fit for the build's log */
    public static VcfCredentials find(String credentialsId, Run<?, ?> run) throws AbortException {
        IdCredentials found =
                CredentialsProvider.findCredentialById(credentialsId, IdCredentials.class, run, List.of());
        if (found == null) {
            throw new AbortException(Messages.BlockCredentials_notFound(credentialsId));
        }
        if (!(found instanceof VcfCredentials credentials)) {
            throw new AbortException(Messages.BlockCredentials_otherKind(
                    credentialsId, found.getDescriptor().getDisplayName()));
        }
        return credentials;
    }
}
