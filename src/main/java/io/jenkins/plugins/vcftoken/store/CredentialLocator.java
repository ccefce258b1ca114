package io.jenkins.plugins.vcftoken.store;

import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import com.cloudbees.plugins.credentials.domains.Domain;
import com.google.common.collect.MapMaker;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.Item;
import hudson.model.ItemGroup;
import hudson.model.ModelObject;
import hudson.model.Saveable;
import hudson.model.User;
import hudson.security.ACL;
import hudson.security.ACLContext;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import jenkins.model.Jenkins;

/**
 * Finds the store that holds a credential. A credential does not know it, so all stores that could have it are looked
 * through, once for each instance.
 */
public final class CredentialLocator {

    private static final Logger LOGGER = Logger.getLogger(CredentialLocator.class.getName());

    /**
     * By identity: two credentials with one ID are equal. Goes with the credential, which each change replaces; a
     * rotation puts the new one here.
     */
    private final Map<VcfCredentials, StoreCredentialWriter> found =
            new MapMaker().weakKeys().makeMap();

    private final RefusingStoreCache readOnly;
    private final FamilyLookup familyLookup;

    public CredentialLocator(FamilyLookup familyLookup, InstantSource clock) {
        this.familyLookup = familyLookup;
        this.readOnly = new RefusingStoreCache(clock);
    }

    /** A credential of a store, and that store. */
    private record Found(VcfCredentials credential, StoreCredentialWriter home) {}

    /**
     * @param near a job or folder that sees the credential, where to look first; may be null
     * @return empty when no store holds this very object, nor one that has surely taken its place
     */
    public Optional<StoreCredentialWriter> of(VcfCredentials credential, @CheckForNull Item near) {
        StoreCredentialWriter known = found.get(credential);
        if (known != null && known.entry().holds(credential)) {
            return Optional.of(known);
        }
        Optional<StoreCredentialWriter> home = search(credential, near, candidate -> candidate == credential);
        if (home.isPresent()) {
            StoreCredentialWriter there = home.get();
            if (known != null && !known.entry().isSameAs(there.entry())) {
                follow(known, new Found(credential, there));
            }
            found.put(credential, there);
            return home;
        }
        Optional<StoreCredentialWriter> successor = known == null ? Optional.empty() : known.ofSuccessor(credential);
        return successor.isPresent() ? successor : ofRelative(credential, near);
    }

    /**
     * A form, a file or a rotation may have replaced the object before anybody asked with it. A namesake for the same
     * server may be somebody else's, so the token has to tell; and where it tells of several, nobody guesses.
     */
    private Optional<StoreCredentialWriter> ofRelative(VcfCredentials credential, @CheckForNull Item near) {
        Predicate<VcfCredentials> related = candidate -> isSameAccount(candidate, credential)
                && familyLookup.areRelated(
                        credential.account(),
                        candidate.storedSecret().getPlainText(),
                        credential.storedSecret().getPlainText());
        try (ACLContext asSystem = ACL.as2(ACL.SYSTEM2)) {
            if (near != null && mayBeShared(credential)) {
                Optional<StoreCredentialWriter> seen = all(above(near), credential.getId(), related)
                        .map(Found::home)
                        .findFirst();
                if (seen.isPresent()) {
                    return seen;
                }
            }
            // An empty one is related to whatever was empty before it was authorized.
            List<Found> everywhere = all(
                            everybodyFor(credential),
                            credential.getId(),
                            related.and(candidate -> !isEmpty(candidate) && !isEmpty(credential)))
                    .limit(2)
                    .toList();
            return everywhere.size() == 1 ? Optional.of(everywhere.get(0).home()) : Optional.empty();
        }
    }

    private static boolean isEmpty(VcfCredentials credential) {
        return credential.storedSecret().getPlainText().isBlank();
    }

    /** Whether one may stand for the other, as far as what is no secret tells. */
    static boolean isSameAccount(VcfCredentials one, VcfCredentials other) {
        try {
            return one.getClass() == other.getClass() && isFor(one, other.account());
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    static boolean isFor(VcfCredentials credential, Account account) {
        try {
            return credential.account().isSameAs(account);
        } catch (IllegalArgumentException e) {
            // Its address is none any more.
            return false;
        }
    }

    /**
     * Where a credential was moved to. It has to be an object that stood there: the right to store something somewhere is
     * not the right to what another place has, and a spent token may be in anybody's hands.
     */
    Optional<StoreCredentialWriter> movedFrom(StoreCredentialWriter gone) {
        Predicate<VcfCredentials> wasThere = candidate -> {
            StoreCredentialWriter last = found.get(candidate);
            return last != null && last.entry().isSameAs(gone.entry());
        };
        Optional<Found> moved;
        try (ACLContext asSystem = ACL.as2(ACL.SYSTEM2)) {
            moved = all(
                            gone.isPersonal() ? User.getAll() : controllerAndFolders(),
                            gone.entry().id(),
                            wasThere)
                    .filter(candidate -> !candidate.home().entry().isSameAs(gone.entry()))
                    .findFirst();
        }
        moved.ifPresent(there -> {
            follow(gone, there);
            found.put(there.credential(), there.home());
        });
        return moved.map(Found::home);
    }

    private void follow(StoreCredentialWriter from, Found there) {
        from.movedTo(there.home());
        try {
            familyLookup.follow(
                    there.credential().account(),
                    there.credential().storedSecret().getPlainText(),
                    from.location(),
                    there.home().location());
        } catch (IllegalArgumentException e) {
            LOGGER.log(Level.FINE, "Its address is none, so it has no family", e);
        }
    }

    /**
     * Binds the family of a spent token to the credential that stores it, where that credential has replaced the family's
     * former one, see {@link #formerPlace}. Does nothing in all other cases. May wait for an exchange in flight.
     */
    public void followNewId(StoreCredentialWriter home, Account account, String token) {
        CredentialLocation now = home.location();
        formerPlace(account, token, now).ifPresent(former -> familyLookup.follow(account, token, former, now));
    }

    /**
     * The former ID of a credential that got a new one, in a file for example, and a spent token: in the stores of the same
     * owner, where nothing has the former ID any more. Who may write there could restore the former ID as well, so this
     * grants nothing.
     *
     * @return empty when the token is current, unknown, or bound to the credential as it is
     */
    public Optional<CredentialLocation> formerPlace(Account account, String token, CredentialLocation now) {
        if (token.isBlank()) {
            return Optional.empty();
        }
        Set<CredentialLocation> locations = familyLookup.placesOfSpent(account, token);
        return locations.contains(now)
                ? Optional.empty()
                : locations.stream()
                        .filter(location -> location.context().equals(now.context()))
                        .filter(this::isVacant)
                        .findFirst();
    }

    private boolean isVacant(CredentialLocation location) {
        try (ACLContext asSystem = ACL.as2(ACL.SYSTEM2)) {
            StoreContext owner = StoreContext.named(location.context());
            return owner != null
                    && in(owner, location.credentialsId(), credential -> true)
                            .findAny()
                            .isEmpty();
        }
    }

    private Optional<StoreCredentialWriter> search(
            VcfCredentials credential, @CheckForNull Item near, Predicate<VcfCredentials> wanted) {
        try (ACLContext asSystem = ACL.as2(ACL.SYSTEM2)) {
            String id = credential.getId();
            // There may be thousands of folders, and mostly it is one of those that the job sees.
            Optional<Found> seen =
                    mayBeShared(credential) ? all(above(near), id, wanted).findFirst() : Optional.empty();
            return seen.or(() -> all(everybodyFor(credential), id, wanted).findFirst())
                    .map(Found::home);
        }
    }

    private static boolean mayBeShared(VcfCredentials credential) {
        return credential.getScope() != CredentialsScope.USER;
    }

    /** Where the form of a store does not ask for the scope, as there is but one, the credential has none: users' too. */
    private static boolean mayBePersonal(VcfCredentials credential) {
        return credential.getScope() == CredentialsScope.USER || credential.getScope() == null;
    }

    /** Whose stores may have it. */
    private static List<ModelObject> everybodyFor(VcfCredentials credential) {
        List<ModelObject> contexts = new ArrayList<>();
        if (mayBeShared(credential)) {
            contexts.addAll(controllerAndFolders());
        }
        if (mayBePersonal(credential)) {
            contexts.addAll(User.getAll());
        }
        return contexts;
    }

    private static List<ModelObject> controllerAndFolders() {
        List<ModelObject> contexts = new ArrayList<>();
        contexts.add(Jenkins.get());
        Jenkins.get().allItems(Item.class, item -> item instanceof ItemGroup<?>).forEach(contexts::add);
        return contexts;
    }

    /** Whether the store of a credential last refused a rotated token, so that the ledger alone has it. */
    public boolean isReadOnly(LocatedCredential stored) {
        return readOnly.isReadOnly(stored.store().getClass(), stored.location());
    }

    RefusingStoreCache readOnly() {
        return readOnly;
    }

    void remember(VcfCredentials credential, StoreCredentialWriter home) {
        found.put(credential, home);
    }

    /**
     * The secret that is stored at a place for an endpoint, whichever object the credential is by now.
     *
     * @return null when there is none
     */
    @CheckForNull
    public String stored(CredentialLocation location, Account account) {
        try (ACLContext asSystem = ACL.as2(ACL.SYSTEM2)) {
            StoreContext owner = StoreContext.named(location.context());
            return owner == null
                    ? null
                    : in(owner, location.credentialsId(), credential -> true)
                            .findFirst()
                            .map(found -> found.home().stored(account))
                            .orElse(null);
        }
    }

    /** Whether a place is a user's own. */
    public static boolean isPersonal(CredentialLocation location) {
        return StoreContext.isUser(location.context());
    }

    /** Where what a person tries out in a form of an owner's store would be kept, if it had to be. */
    public static CredentialLocation unsavedIn(ModelObject context) {
        ModelObject owner = context;
        while (owner instanceof Item item && !(owner instanceof ItemGroup<?>)) {
            owner = item.getParent();
        }
        return CredentialLocation.ofUnsaved(new StoreContext(owner).name());
    }

    /**
     * Whose store may have been saved with it, as the ledger writes it down.
     *
     * @return null when it has none
     */
    @CheckForNull
    public static String contextOf(Saveable saved) {
        if (saved instanceof SystemCredentialsProvider) {
            return StoreContext.SYSTEM;
        }
        boolean isOwner = saved instanceof User || (saved instanceof Item && saved instanceof ItemGroup<?>);
        return isOwner ? new StoreContext((ModelObject) saved).name() : null;
    }

    /** How the ledger writes down a folder's store. */
    public static String folderContext(String fullName) {
        return StoreContext.ofFolder(fullName);
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

    private Stream<Found> all(Iterable<? extends ModelObject> contexts, String id, Predicate<VcfCredentials> wanted) {
        return StreamSupport.stream(contexts.spliterator(), false)
                .flatMap(context -> in(new StoreContext(context), id, wanted));
    }

    private Stream<Found> in(StoreContext owner, String id, Predicate<VcfCredentials> wanted) {
        List<Found> here = new ArrayList<>();
        try (ACLContext asOwner = owner.impersonate()) {
            for (CredentialsStore store : CredentialsProvider.lookupStores(owner.context())) {
                // What lies above is looked through when its owner's turn comes.
                if (store.getContext() == owner.context()) {
                    for (Domain domain : store.getDomains()) {
                        for (Credentials candidate : store.getCredentials(domain)) {
                            if (candidate instanceof VcfCredentials credential
                                    && credential.getId().equals(id)
                                    && wanted.test(credential)) {
                                StoreEntry entry = new StoreEntry(owner, store.getClass(), domain, id);
                                here.add(new Found(credential, new StoreCredentialWriter(entry, this)));
                            }
                        }
                    }
                }
            }
        }
        return here.stream();
    }
}
