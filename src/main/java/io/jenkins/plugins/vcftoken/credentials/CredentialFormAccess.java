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
import hudson.util.FormValidation;
import io.jenkins.plugins.vcftoken.store.StoreContext;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.util.List;
import java.util.function.Supplier;
import jenkins.model.Jenkins;
import org.kohsuke.stapler.Stapler;
import org.kohsuke.stapler.StaplerRequest2;

/**
 * Permissions of the current user in a credential form. The stores decide, because personal credentials can be changed
 * by their owner only, regardless of other permissions.
 *
 * @param context owner of the stores; or a job, whose form can add credentials to its parent folders
 */
record CredentialFormAccess(ModelObject context) {

    static CredentialFormAccess of(@CheckForNull ModelObject context) {
        return new CredentialFormAccess(context == null ? Jenkins.get() : context);
    }

    List<CredentialsStore> stores() {
        return new StoreContext(context).stores();
    }

    boolean canEdit() {
        return hasPermission(CredentialsProvider.CREATE) || hasPermission(CredentialsProvider.UPDATE);
    }

    private boolean hasPermission(Permission permission) {
        List<CredentialsStore> stores = stores();
        if (!stores.isEmpty()) {
            return stores.stream().anyMatch(store -> store.hasPermission(permission));
        }
        AccessControlled owner = context instanceof AccessControlled controlled ? controlled : Jenkins.get();
        return owner.hasPermission(permission);
    }

    /** Runs a form validation, or returns OK without running it if the user cannot edit credentials. */
    FormValidation check(Supplier<FormValidation> check) {
        return canEdit() ? check.get() : FormValidation.ok();
    }

    /** Returns the absolute URL path of a stored credential's token page, or null without permission to view it. */
    @CheckForNull
    String tokensUrl(VcfCredentials shown) {
        return isStored(shown, CredentialsProvider.VIEW) ? tokenPage(shown) : null;
    }

    /**
     * Returns the absolute URL path of a stored credential's device flow page.
     *
     * @return null if the kind does not support the device flow or the user has no permission to update the credential
     */
    @CheckForNull
    String authorizationUrl(VcfCredentials shown) {
        return shown.isAuthorizable() && isStored(shown, CredentialsProvider.UPDATE)
                ? tokenPage(shown) + "authorize/"
                : null;
    }

    private String tokenPage(VcfCredentials shown) {
        StaplerRequest2 request = Stapler.getCurrentRequest2();
        String root = request == null ? "" : request.getContextPath();
        String owner = "manage/";
        if (context instanceof Item item) {
            owner = item.getUrl();
        } else if (context instanceof User user) {
            owner = user.getUrl() + '/';
        }
        return root + '/' + owner + "vcf-tokens/credential/" + Util.rawEncode(shown.getId()) + '/';
    }

    /** The pages require permission to view the owner's credentials, in addition to the permissions of the store. */
    private boolean isStored(VcfCredentials shown, Permission permission) {
        if (!(context instanceof AccessControlled owner) || !owner.hasPermission(CredentialsProvider.VIEW)) {
            return false;
        }
        for (CredentialsStore store : stores()) {
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
