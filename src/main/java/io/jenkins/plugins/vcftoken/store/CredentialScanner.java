package io.jenkins.plugins.vcftoken.store;

import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.model.Item;
import hudson.model.ItemGroup;
import hudson.model.ModelObject;
import hudson.model.User;
import hudson.security.ACL;
import hudson.security.ACLContext;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import jenkins.model.Jenkins;

/** What stands in the stores: the plugin's credentials, and where. */
public final class CredentialScanner {

    private CredentialScanner() {}

    /**
     * The credentials in the stores of one owner, those of its parents not included; of two with one ID the one that is
     * found first, as builds do. For whoever may see them: not every store asks for itself.
     */
    public static List<LocatedCredential> visibleIn(ModelObject context) {
        StoreContext owner = new StoreContext(context);
        Map<CredentialLocation, LocatedCredential> visible = new LinkedHashMap<>();
        for (CredentialsStore store : CredentialsProvider.lookupStores(context)) {
            if (store.getContext() == context && store.hasPermission(CredentialsProvider.VIEW)) {
                for (Domain domain : store.getDomains()) {
                    for (Credentials candidate : store.getCredentials(domain)) {
                        if (candidate instanceof VcfCredentials credential) {
                            CredentialLocation location = new CredentialLocation(owner.name(), credential.getId());
                            visible.putIfAbsent(location, new LocatedCredential(credential, store, domain, location));
                        }
                    }
                }
            }
        }
        return List.copyOf(visible.values());
    }

    /** The controller's and the folders' credentials, as the system sees them. Personal ones are nobody else's. */
    public static List<LocatedCredential> shared() {
        try (ACLContext asSystem = ACL.as2(ACL.SYSTEM2)) {
            return visible();
        }
    }

    /** The controller's and the folders' credentials, as far as whoever asks may see them. */
    public static List<LocatedCredential> visible() {
        List<LocatedCredential> visible = new ArrayList<>(visibleIn(Jenkins.get()));
        Jenkins.get()
                .allItems(Item.class, item -> item instanceof ItemGroup<?>)
                .forEach(folder -> visible.addAll(visibleIn(folder)));
        return visible;
    }

    /** Whether a user's personal store has a credential with this ID. Only for messages to that user's own builds. */
    public static boolean isPersonalOf(User user, String credentialsId) {
        try (ACLContext asOwner = new StoreContext(user).impersonate()) {
            return visibleIn(user).stream()
                    .anyMatch(stored -> stored.location().credentialsId().equals(credentialsId));
        }
    }

    /** Users' own credentials, each as its owner sees it. Only for what tells nobody about them. */
    public static List<LocatedCredential> personal() {
        List<LocatedCredential> personal = new ArrayList<>();
        for (User user : User.getAll()) {
            try (ACLContext asOwner = new StoreContext(user).impersonate()) {
                personal.addAll(visibleIn(user));
            }
        }
        return personal;
    }
}
