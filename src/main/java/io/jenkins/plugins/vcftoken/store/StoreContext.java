package io.jenkins.plugins.vcftoken.store;

import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import com.cloudbees.plugins.credentials.domains.Domain;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Util;
import hudson.model.Item;
import hudson.model.ItemGroup;
import hudson.model.ModelObject;
import hudson.model.Saveable;
import hudson.model.User;
import hudson.security.ACL;
import hudson.security.ACLContext;
import hudson.security.SecurityRealm;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import jenkins.model.Jenkins;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;

/**
 * The owner of credentials stores: the controller, a folder, or a user.
 *
 * @param context the same object after a rename or move
 */
public record StoreContext(ModelObject context) {

    private static final String SYSTEM = "system";
    private static final String FOLDER = "folder:";
    private static final String USER = "user:";

    /** The current name, as recorded by the ledger in a {@link CredentialLocation}. */
    public String name() {
        if (context instanceof Item item) {
            return folderName(item.getFullName());
        }
        return context instanceof User user ? USER + user.getId() : SYSTEM;
    }

    /** The {@link #name} of a folder's context. */
    public static String folderName(String fullName) {
        return FOLDER + fullName;
    }

    /** The single location of a credential from an external store, which the stores of several folders may list. */
    static CredentialLocation sharedLocation(String credentialsId) {
        return new CredentialLocation(SYSTEM, credentialsId);
    }

    /** Whether a location is in the personal store of a user. */
    public static boolean isPersonal(CredentialLocation location) {
        return location.context().startsWith(USER);
    }

    /** The location for "Test connection" with an unsaved credential in a form of this context. */
    public static CredentialLocation unsavedIn(ModelObject context) {
        ModelObject owner = context;
        while (owner instanceof Item item && !(owner instanceof ItemGroup<?>)) {
            owner = item.getParent();
        }
        return CredentialLocation.ofUnsaved(new StoreContext(owner).name());
    }

    /** The context with stores that are saved with this object; null if there is none. */
    @CheckForNull
    public static StoreContext savedWith(Saveable saved) {
        if (saved instanceof SystemCredentialsProvider) {
            return new StoreContext(Jenkins.get());
        }
        boolean isOwner = saved instanceof User || (saved instanceof Item && saved instanceof ItemGroup<?>);
        return isOwner ? new StoreContext((ModelObject) saved) : null;
    }

    /** The context that currently has this name; null if there is none. The caller must be able to see all items. */
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
     * The context that currently has this name, since reloading the configuration creates new objects. The caller must
     * be able to see all items.
     *
     * @return null if it was deleted; saving the old object would restore its files
     */
    @CheckForNull
    StoreContext current() {
        return named(name());
    }

    /** The controller and all folders that are visible to the current user. */
    static List<ModelObject> controllerAndFolders() {
        List<ModelObject> contexts = new ArrayList<>();
        contexts.add(Jenkins.get());
        Jenkins.get().allItems(Item.class, item -> item instanceof ItemGroup<?>).forEach(contexts::add);
        return contexts;
    }

    /** The item, its parent folders, and the controller; only the controller for null. */
    static List<ModelObject> ancestors(@CheckForNull Item near) {
        List<ModelObject> contexts = new ArrayList<>();
        for (ModelObject context = near; context instanceof Item item; context = item.getParent()) {
            contexts.add(context);
        }
        contexts.add(Jenkins.get());
        return contexts;
    }

    /**
     * URL of the token page of a credential, relative to the root URL of Jenkins.
     *
     * @return null if its folder does not exist, and for a personal credential
     */
    @CheckForNull
    public static String tokenPage(CredentialLocation location) {
        String context = location.context();
        String owner = null;
        if (context.equals(SYSTEM)) {
            owner = "manage/";
        } else if (context.startsWith(FOLDER)) {
            try (ACLContext asSystem = ACL.as2(ACL.SYSTEM2)) {
                Item folder = Jenkins.get().getItemByFullName(context.substring(FOLDER.length()));
                owner = folder == null ? null : folder.getUrl();
            }
        }
        return owner == null ? null : owner + "vcf-tokens/credential/" + Util.rawEncode(location.credentialsId()) + '/';
    }

    /** The stores of this context, without those of its parents. */
    public List<CredentialsStore> stores() {
        List<CredentialsStore> own = new ArrayList<>();
        for (CredentialsStore store : CredentialsProvider.lookupStores(context)) {
            if (store.getContext() == context) {
                own.add(store);
            }
        }
        return own;
    }

    /** The plugin's credentials in {@link #stores} visible to the current user, in the lookup order of builds. */
    List<LocatedCredential> credentials() {
        List<LocatedCredential> credentials = new ArrayList<>();
        for (CredentialsStore store : stores()) {
            for (Domain domain : store.getDomains()) {
                for (Credentials candidate : store.getCredentials(domain)) {
                    if (candidate instanceof VcfCredentials credential) {
                        CredentialLocation location = VersionedSecretProvider.findFor(credential) == null
                                ? new CredentialLocation(name(), credential.getId())
                                : sharedLocation(credential.getId());
                        credentials.add(new LocatedCredential(credential, store, domain, location));
                    }
                }
            }
        }
        return credentials;
    }

    /**
     * Switches to an authentication that can write the stores. A user's store is only writable as that user, not as
     * SYSTEM. Does not use the security realm, which may be unavailable or have removed the user when a token is
     * renewed.
     */
    ACLContext impersonate() {
        if (context instanceof User user) {
            return ACL.as2(new UsernamePasswordAuthenticationToken(
                    user.getId(), "", Set.of(SecurityRealm.AUTHENTICATED_AUTHORITY2)));
        }
        return ACL.as2(ACL.SYSTEM2);
    }
}
