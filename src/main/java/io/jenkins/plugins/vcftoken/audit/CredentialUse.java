package io.jenkins.plugins.vcftoken.audit;

import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsUseListener;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Extension;
import hudson.model.Item;
import hudson.model.Node;
import hudson.model.Run;
import io.jenkins.plugins.vcftoken.controller.VcfTokens;
import io.jenkins.plugins.vcftoken.family.Place;
import io.jenkins.plugins.vcftoken.store.CredentialHome;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;

/**
 * Who uses a credential, through whichever plugin. Where one takes it as secret text, this alone tells the build: the
 * bearer is then given to the user that the build runs as.
 */
@Extension
public final class CredentialUse implements CredentialsUseListener {

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

    private static AuditLine line(VcfCredentials used, String who, @CheckForNull Item near) {
        Place place = VcfTokens.get()
                .homes()
                .of(used, near)
                .map(CredentialHome::place)
                .orElse(new Place("", used.getId()));
        return AuditLog.place(new AuditLine("used").add("by", who), place).add("url", used.getUrl());
    }
}
