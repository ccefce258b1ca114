package io.jenkins.plugins.vcftoken.health;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsStoreAction;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Extension;
import hudson.Util;
import hudson.model.ModelObject;
import hudson.model.PageDecorator;
import hudson.security.AccessControlled;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import org.kohsuke.stapler.Stapler;
import org.kohsuke.stapler.StaplerRequest2;

/**
 * Adds the task "Token status" to the side panel of a credential's page. The credentials plugin has no extension point
 * for this, so a script moves the task from the footer to the side panel.
 */
@Extension
public final class TokenStatusPageDecorator extends PageDecorator {

    /**
     * URL of the token page for the credential of the current page, relative to the Jenkins root.
     *
     * @return null for all other pages, or if the current user has no permission to view the token page
     */
    @CheckForNull
    public String getTokenPage() {
        StaplerRequest2 request = Stapler.getCurrentRequest2();
        CredentialsStoreAction.CredentialsWrapper shown =
                request == null ? null : request.findAncestorObject(CredentialsStoreAction.CredentialsWrapper.class);
        if (shown == null || !(shown.getCredentials() instanceof VcfCredentials credentials)) {
            return null;
        }
        ModelObject owner = shown.getStore().getContext();
        return owner instanceof AccessControlled controlled && controlled.hasPermission(CredentialsProvider.VIEW)
                ? TokenListPage.url(owner) + "credential/" + Util.rawEncode(credentials.getId()) + '/'
                : null;
    }
}
