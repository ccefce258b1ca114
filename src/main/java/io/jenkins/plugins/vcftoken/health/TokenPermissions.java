package io.jenkins.plugins.vcftoken.health;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import hudson.model.ModelObject;
import hudson.model.User;
import hudson.security.AccessControlled;
import io.jenkins.plugins.vcftoken.store.LocatedCredential;

/**
 * Who may act on the tokens of a credential: who may update it; and where its store cannot be written by anybody, who
 * may update the credentials of the store's owner.
 */
final class TokenPermissions {

    private TokenPermissions() {}

    static boolean on(LocatedCredential stored) {
        return stored.store().hasPermission(CredentialsProvider.UPDATE)
                || (isOwnersToGive(stored) && owner(stored).hasPermission(CredentialsProvider.UPDATE));
    }

    static void check(LocatedCredential stored) {
        if (!on(stored)) {
            stored.store().checkPermission(CredentialsProvider.UPDATE);
        }
    }

    /** A user's own store is nobody else's, while an administrator has every right on the user. */
    private static boolean isOwnersToGive(LocatedCredential stored) {
        ModelObject owner = stored.store().getContext();
        return owner instanceof AccessControlled && !(owner instanceof User);
    }

    private static AccessControlled owner(LocatedCredential stored) {
        return (AccessControlled) stored.store().getContext();
    }
}
