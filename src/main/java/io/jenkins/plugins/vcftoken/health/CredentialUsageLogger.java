package io.jenkins.plugins.vcftoken.health;

import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsUseListener;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Extension;
import hudson.model.Item;
import hudson.model.Node;
import hudson.model.Run;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.store.StoreCredentialWriter;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;

/**
 * Who uses a credential, through whichever plugin. Where one takes it as secret text, this alone tells the build: the
 * access token is then given to the user that the build runs as.
 */
@Extension
public final class CredentialUsageLogger implements CredentialsUseListener {

    @Override
    @SuppressWarnings("rawtypes") // as Jenkins declares what this overrides
    public void onUse(Credentials credentials, Run run) {
        log(credentials, "build " + run.getExternalizableId(), run.getParent());
    }

    @Override
    public void onUse(Credentials credentials, Node node) {
        log(credentials, "node " + node.getNodeName(), null);
    }

    @Override
    public void onUse(Credentials credentials, Item item) {
        log(credentials, "item " + item.getFullName(), item);
    }

    private static void log(Credentials credentials, String who, @CheckForNull Item near) {
        if (credentials instanceof VcfCredentials used) {
            AuditLog.use(() -> line(used, who, near));
        }
    }

    private static AuditLogLine line(VcfCredentials used, String who, @CheckForNull Item near) {
        CredentialLocation location = VcfTokenService.get()
                .locator()
                .of(used, near)
                .map(StoreCredentialWriter::location)
                .orElse(new CredentialLocation("", used.getId()));
        return AuditLog.location(new AuditLogLine("used").add("by", who), location)
                .add("url", used.getUrl());
    }
}
