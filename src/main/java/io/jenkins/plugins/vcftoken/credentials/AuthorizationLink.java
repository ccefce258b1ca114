package io.jenkins.plugins.vcftoken.credentials;

import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.domains.Domain;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Util;
import hudson.model.Item;
import hudson.model.ModelObject;
import hudson.model.User;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import org.kohsuke.stapler.Stapler;
import org.kohsuke.stapler.StaplerRequest2;

/** The way from a credential's form to the page that has its account authorized. */
final class AuthorizationLink {

    private AuthorizationLink() {}

    /** @return from the root of the host; null when there is no such credential, or whoever asks may not change it */
    @CheckForNull
    static String to(FormAccess access, @CheckForNull String id) {
        StaplerRequest2 request = Stapler.getCurrentRequest2();
        if (request == null || id == null || !isChangeable(access, id)) {
            return null;
        }
        return request.getContextPath() + '/' + owner(access.context()) + "vcf-tokens/credential/" + Util.rawEncode(id)
                + "/authorize/";
    }

    private static String owner(ModelObject context) {
        if (context instanceof Item item) {
            return item.getUrl();
        }
        return context instanceof User user ? user.getUrl() + '/' : "manage/";
    }

    private static boolean isChangeable(FormAccess access, String id) {
        for (CredentialsStore store : access.stores()) {
            if (store.hasPermission(CredentialsProvider.UPDATE)) {
                for (Domain domain : store.getDomains()) {
                    for (Credentials candidate : store.getCredentials(domain)) {
                        if (candidate instanceof VcfCredentials stored
                                && stored.getId().equals(id)) {
                            return true;
                        }
                    }
                }
            }
        }
        return false;
    }
}
