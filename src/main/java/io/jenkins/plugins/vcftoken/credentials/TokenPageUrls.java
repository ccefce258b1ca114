package io.jenkins.plugins.vcftoken.credentials;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.domains.Domain;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Util;
import hudson.model.Item;
import hudson.model.ModelObject;
import hudson.model.User;
import hudson.security.AccessControlled;
import hudson.security.Permission;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import org.kohsuke.stapler.Stapler;
import org.kohsuke.stapler.StaplerRequest2;

/** The way from a credential's form to the pages about its tokens. */
final class TokenPageUrls {

    private TokenPageUrls() {}

    /** @return from the root of the host; null where whoever asks may not see the page */
    @CheckForNull
    static String toTokens(CredentialFormAccess access, VcfCredentials shown) {
        return isStored(access, shown, CredentialsProvider.VIEW) ? page(access, shown) : null;
    }

    /** @return from the root of the host; null where nobody can be asked for a yes, or whoever asks may not change it */
    @CheckForNull
    static String toAuthorization(CredentialFormAccess access, VcfCredentials shown) {
        return shown.isAuthorizable() && isStored(access, shown, CredentialsProvider.UPDATE)
                ? page(access, shown) + "authorize/"
                : null;
    }

    private static String page(CredentialFormAccess access, VcfCredentials shown) {
        StaplerRequest2 request = Stapler.getCurrentRequest2();
        String root = request == null ? "" : request.getContextPath();
        return root + '/' + owner(access.context()) + "vcf-tokens/credential/" + Util.rawEncode(shown.getId()) + '/';
    }

    private static String owner(ModelObject context) {
        if (context instanceof Item item) {
            return item.getUrl();
        }
        return context instanceof User user ? user.getUrl() + '/' : "manage/";
    }

    /** The pages are for who may see the owner's credentials, whatever a store allows beyond that. */
    private static boolean isStored(CredentialFormAccess access, VcfCredentials shown, Permission permission) {
        if (!(access.context() instanceof AccessControlled owner) || !owner.hasPermission(CredentialsProvider.VIEW)) {
            return false;
        }
        for (CredentialsStore store : access.stores()) {
            if (store.hasPermission(CredentialsProvider.VIEW) && store.hasPermission(permission)) {
                for (Domain domain : store.getDomains()) {
                    if (store.getCredentials(domain).contains(shown)) {
                        return true;
                    }
                }
            }
        }
        return false;
    }
}
