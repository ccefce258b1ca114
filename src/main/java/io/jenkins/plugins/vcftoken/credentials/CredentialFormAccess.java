package io.jenkins.plugins.vcftoken.credentials;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsStore;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.ModelObject;
import hudson.security.AccessControlled;
import hudson.security.Permission;
import hudson.util.FormValidation;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import jenkins.model.Jenkins;

/**
 * What whoever asks may do in the stores of the one whose form it is. Their own permissions count: nobody but a user
 * may change that user's, whatever right he has elsewhere.
 *
 * @param context owns the stores; or a job, from whose page new credentials can be stored further up
 */
record CredentialFormAccess(ModelObject context) {

    static CredentialFormAccess of(@CheckForNull ModelObject context) {
        return new CredentialFormAccess(context == null ? Jenkins.get() : context);
    }

    /** The stores that this very context owns. */
    List<CredentialsStore> stores() {
        List<CredentialsStore> own = new ArrayList<>();
        for (CredentialsStore store : CredentialsProvider.lookupStores(context)) {
            if (store.getContext() == context) {
                own.add(store);
            }
        }
        return own;
    }

    /** Whether a form here is for whoever asks to fill in. */
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

    /** What a check says to those who may fill in the form; nothing to others. */
    FormValidation check(Supplier<FormValidation> check) {
        return mayEdit() ? check.get() : FormValidation.ok();
    }
}
