package io.jenkins.plugins.vcftoken.store;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.Item;
import hudson.model.ModelObject;
import hudson.model.User;
import hudson.security.ACL;
import hudson.security.ACLContext;
import hudson.security.SecurityRealm;
import java.util.Set;
import jenkins.model.Jenkins;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;

/**
 * Whose store it is: the controller's, a folder's, or a user's.
 *
 * @param context the same object however often it is renamed or moved
 */
record StoreContext(ModelObject context) {

    static final String SYSTEM = "system";
    private static final String FOLDER = "folder:";
    private static final String USER = "user:";

    /** How the ledger writes it down. */
    String name() {
        if (context instanceof Item item) {
            return ofFolder(item.getFullName());
        }
        return context instanceof User user ? USER + user.getId() : SYSTEM;
    }

    static String ofFolder(String fullName) {
        return FOLDER + fullName;
    }

    static boolean isUser(String name) {
        return name.startsWith(USER);
    }

    /** The owner that the ledger wrote down, or null when it is gone. Needs to see all items and users. */
    @CheckForNull
    static StoreContext named(String name) {
        ModelObject context;
        if (name.startsWith(FOLDER)) {
            context = Jenkins.get().getItemByFullName(name.substring(FOLDER.length()));
        } else if (name.startsWith(USER)) {
            context = User.getById(name.substring(USER.length()), false);
        } else {
            context = Jenkins.get();
        }
        return context == null ? null : new StoreContext(context);
    }

    /**
     * Who has this name now: this owner, or another object after Jenkins was told to load everything anew, or somebody
     * made it anew. Needs to see all items.
     *
     * @return null when it is gone; what holds it still must not save it, or its files would come back
     */
    @CheckForNull
    StoreContext now() {
        return named(name());
    }

    /**
     * Becomes whoever may write the store. A user's store refuses everybody else, the system included; the security
     * realm is not asked, because it may be down or know the user no more while a renewal is due.
     */
    ACLContext impersonate() {
        if (context instanceof User user) {
            return ACL.as2(new UsernamePasswordAuthenticationToken(
                    user.getId(), "", Set.of(SecurityRealm.AUTHENTICATED_AUTHORITY2)));
        }
        return ACL.as2(ACL.SYSTEM2);
    }
}
