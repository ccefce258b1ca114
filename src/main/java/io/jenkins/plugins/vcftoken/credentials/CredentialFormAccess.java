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
 * What the user of a request may do in the form of a credential. The stores decide: only a user may change that user's
 * personal credentials, whatever permissions others have elsewhere.
 *
 * @param context the owner of the stores; or a job, from which new credentials can be stored in the folders above
 */
record CredentialFormAccess(ModelObject context) {

    static CredentialFormAccess of(@CheckForNull ModelObject context) {
        return new CredentialFormAccess(context == null ? Jenkins.get() : context);
    }

    /** The stores that the context owns. */
    List<CredentialsStore> stores() {
        return new StoreContext(context).stores();
    }

    /** Whether the user may fill in a form here. */
    boolean mayEdit() {
        return may(CredentialsProvider.CREATE) || may(CredentialsProvider.UPDATE);
    }

    private boolean may(Permission permission) {
        List<CredentialsStore> own = stores();
        if (!own.isEmpty()) {
            return own.stream().anyMatch(store -> store.hasPermission(permission));
        }
        AccessControlled owner = context instanceof AccessControlled controlled ? controlled : Jenkins.get();
        return owner.hasPermission(permission);
    }

    /** The result of a check for users who may fill in the form; for others always the same. */
    FormValidation check(Supplier<FormValidation> check) {
        return mayEdit() ? check.get() : FormValidation.ok();
    }

    /** The page about the tokens of a stored credential, from the root of the host; null unless the user may see it. */
    @CheckForNull
    String tokensUrl(VcfCredentials shown) {
        return isStored(shown, CredentialsProvider.VIEW) ? tokenPage(shown) : null;
    }

    /**
     * The page on which a stored credential is authorized, from the root of the host; null unless its kind supports that and
     * the user may change it.
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

    /** The pages require permission to view the owner's credentials, whatever a store allows beyond that. */
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
