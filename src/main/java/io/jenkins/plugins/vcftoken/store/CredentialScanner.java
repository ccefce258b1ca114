package io.jenkins.plugins.vcftoken.store;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import hudson.model.ModelObject;
import hudson.model.User;
import hudson.security.ACL;
import hudson.security.ACLContext;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Lists the plugin's credentials in the stores of Jenkins. */
public final class CredentialScanner {

    private CredentialScanner() {}

    /**
     * The credentials in the stores of one context that are visible to the current user. Of several with the same ID,
     * returns the one that builds use. Also checks permissions, since not every store does.
     */
    public static List<LocatedCredential> visibleIn(ModelObject context) {
        Map<CredentialLocation, LocatedCredential> visible = new LinkedHashMap<>();
        for (LocatedCredential found : new StoreContext(context).credentials()) {
            if (found.store().hasPermission(CredentialsProvider.VIEW)) {
                visible.putIfAbsent(found.location(), found);
            }
        }
        return List.copyOf(visible.values());
    }

    /** The credentials of the controller and of all folders, regardless of permissions. */
    public static List<LocatedCredential> shared() {
        try (ACLContext asSystem = ACL.as2(ACL.SYSTEM2)) {
            return visible();
        }
    }

    /** The credentials of the controller and of folders that are visible to the current user. */
    public static List<LocatedCredential> visible() {
        Map<CredentialLocation, LocatedCredential> visible = new LinkedHashMap<>();
        for (ModelObject context : StoreContext.controllerAndFolders()) {
            visibleIn(context).forEach(found -> visible.putIfAbsent(found.location(), found));
        }
        return List.copyOf(visible.values());
    }

    /** Whether a user's personal store contains this ID. Only for messages in builds of that user. */
    public static boolean isPersonalOf(User user, String credentialsId) {
        return personalOf(user).stream()
                .anyMatch(found -> found.location().credentialsId().equals(credentialsId));
    }

    /** The personal credentials of all users. Must only be shown to their owners. */
    public static List<LocatedCredential> personal() {
        return User.getAll().stream().flatMap(user -> personalOf(user).stream()).toList();
    }

    private static List<LocatedCredential> personalOf(User user) {
        try (ACLContext asOwner = new StoreContext(user).impersonate()) {
            return visibleIn(user);
        }
    }
}
