package io.jenkins.plugins.vcftoken.store;

import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.common.IdCredentials;
import com.cloudbees.plugins.credentials.domains.Domain;
import com.google.common.collect.MapMaker;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.Item;
import hudson.model.ItemGroup;
import hudson.model.ModelObject;
import hudson.model.User;
import hudson.security.ACL;
import hudson.security.ACLContext;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.family.Place;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import jenkins.model.Jenkins;

/**
 * Finds the store that holds a credential. A credential does not know it, so all stores that could have it are looked
 * through, once for each instance.
 */
public final class CredentialHomes {

    /**
     * By identity: two credentials with one ID are equal. Goes with the credential, which each change replaces; a
     * rotation puts the new one here.
     */
    private final Map<VcfCredentials, CredentialHome> found =
            new MapMaker().weakKeys().makeMap();

    private final Set<Place> readOnly = CredentialHome.newMemoryOfReadOnlyPlaces();

    /**
     * @param near a job or folder that sees the credential, where to look first; may be null
     * @return empty when no store holds this very object, nor one that has taken its place
     */
    public Optional<CredentialHome> of(VcfCredentials credential, @CheckForNull Item near) {
        CredentialHome known = found.get(credential);
        if (known != null && known.holds(credential)) {
            return Optional.of(known);
        }
        Optional<CredentialHome> home = search(credential, near, candidate -> candidate == credential);
        if (home.isPresent()) {
            found.put(credential, home.get());
            return home;
        }
        return search(credential, near, candidate -> isSuccessor(candidate, credential));
    }

    /** A rotation or a form may have replaced the object between finding the credential and asking with it. */
    private static boolean isSuccessor(Credentials candidate, VcfCredentials credential) {
        return candidate instanceof VcfCredentials successor
                && successor.getClass() == credential.getClass()
                && successor.getUrl().equals(credential.getUrl());
    }

    private Optional<CredentialHome> search(
            VcfCredentials credential, @CheckForNull Item near, Predicate<Credentials> wanted) {
        try (ACLContext asSystem = ACL.as2(ACL.SYSTEM2)) {
            String id = credential.getId();
            if (credential.getScope() == CredentialsScope.USER) {
                return first(User.getAll(), id, wanted);
            }
            // There may be thousands of folders, and mostly it is one of those that the job sees.
            return first(above(near), id, wanted)
                    .or(() -> first(
                            Jenkins.get().allItems(Item.class, item -> item instanceof ItemGroup<?>), id, wanted));
        }
    }

    private Optional<CredentialHome> first(
            Iterable<? extends ModelObject> contexts, String id, Predicate<Credentials> wanted) {
        for (ModelObject context : contexts) {
            Optional<CredentialHome> home = in(new StoreOwner(context), id, wanted);
            if (home.isPresent()) {
                return home;
            }
        }
        return Optional.empty();
    }

    /** Whether it was found that a place cannot be written, so that its rotated tokens are in the ledger alone. */
    public boolean isReadOnly(Place place) {
        return readOnly.contains(place);
    }

    /**
     * The secret that is stored at a place for an endpoint, whichever object the credential is by now.
     *
     * @return null when there is none
     */
    @CheckForNull
    public String stored(Place place, Endpoint endpoint) {
        try (ACLContext asSystem = ACL.as2(ACL.SYSTEM2)) {
            StoreOwner owner = StoreOwner.named(place.context());
            return owner == null
                    ? null
                    : in(owner, place.credentialsId(), credential -> credential instanceof VcfCredentials)
                            .map(home -> home.stored(endpoint))
                            .orElse(null);
        }
    }

    /**
     * The credentials in the stores of one owner, those of its parents not included; of two with one ID the one that is
     * found first, as builds do. For whoever may see them: not every store asks for itself.
     */
    public static List<StoredCredential> visibleIn(ModelObject context) {
        StoreOwner owner = new StoreOwner(context);
        Map<Place, StoredCredential> visible = new LinkedHashMap<>();
        for (CredentialsStore store : CredentialsProvider.lookupStores(context)) {
            if (store.getContext() == context && store.hasPermission(CredentialsProvider.VIEW)) {
                for (Domain domain : store.getDomains()) {
                    for (Credentials candidate : store.getCredentials(domain)) {
                        if (candidate instanceof VcfCredentials credential) {
                            Place place = new Place(owner.name(), credential.getId());
                            visible.putIfAbsent(place, new StoredCredential(credential, store, domain, place));
                        }
                    }
                }
            }
        }
        return List.copyOf(visible.values());
    }

    /** The controller's and the folders' credentials, as the system sees them. Personal ones are nobody else's. */
    public static List<StoredCredential> shared() {
        try (ACLContext asSystem = ACL.as2(ACL.SYSTEM2)) {
            return visible();
        }
    }

    /** The controller's and the folders' credentials, as far as whoever asks may see them. */
    public static List<StoredCredential> visible() {
        List<StoredCredential> visible = new ArrayList<>(visibleIn(Jenkins.get()));
        Jenkins.get()
                .allItems(Item.class, item -> item instanceof ItemGroup<?>)
                .forEach(folder -> visible.addAll(visibleIn(folder)));
        return visible;
    }

    /** Users' own credentials, each as its owner sees it. Only for what tells nobody about them. */
    public static List<StoredCredential> personal() {
        List<StoredCredential> personal = new ArrayList<>();
        for (User user : User.getAll()) {
            try (ACLContext asOwner = new StoreOwner(user).impersonate()) {
                personal.addAll(visibleIn(user));
            }
        }
        return personal;
    }

    /** Whether a place is a user's own. */
    public static boolean isPersonal(Place place) {
        return StoreOwner.isUser(place.context());
    }

    /** Where what a person tries out in a form of an owner's store would be kept, if it had to be. */
    public static Place unsavedIn(ModelObject context) {
        ModelObject owner = context;
        while (owner instanceof Item item && !(owner instanceof ItemGroup<?>)) {
            owner = item.getParent();
        }
        return Place.ofUnsaved(new StoreOwner(owner).name());
    }

    /** How the ledger writes down a folder's store. */
    public static String folderContext(String fullName) {
        return StoreOwner.ofFolder(fullName);
    }

    /** The controller is the last of them. */
    private static List<ModelObject> above(@CheckForNull Item near) {
        List<ModelObject> contexts = new ArrayList<>();
        for (ModelObject context = near; context instanceof Item item; context = item.getParent()) {
            contexts.add(context);
        }
        contexts.add(Jenkins.get());
        return contexts;
    }

    private Optional<CredentialHome> in(StoreOwner owner, String id, Predicate<Credentials> wanted) {
        try (ACLContext asOwner = owner.impersonate()) {
            for (CredentialsStore store : CredentialsProvider.lookupStores(owner.context())) {
                // What lies above is looked through when its owner's turn comes.
                if (store.getContext() == owner.context()) {
                    for (Domain domain : store.getDomains()) {
                        for (Credentials candidate : store.getCredentials(domain)) {
                            if (candidate instanceof IdCredentials known
                                    && known.getId().equals(id)
                                    && wanted.test(candidate)) {
                                return Optional.of(new CredentialHome(owner, store, domain, id, readOnly, found));
                            }
                        }
                    }
                }
            }
        }
        return Optional.empty();
    }
}
