package io.jenkins.plugins.vcftoken.store;

import com.cloudbees.plugins.credentials.CredentialsScope;
import com.google.common.collect.MapMaker;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.Item;
import hudson.model.ModelObject;
import hudson.model.User;
import hudson.security.ACL;
import hudson.security.ACLContext;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.TokenFamilyAdmin;
import io.jenkins.plugins.vcftoken.rotation.VersionedSecret;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;

/**
 * Finds the store that owns a credential. A credential object has no reference to its store, so the stores that can
 * contain it are scanned once per object. A stale object, which was replaced in its store, is matched by its last known
 * location, then by token family.
 *
 * <p>Thread-safe. Comparing token families reads the ledger and may wait for a running request, so callers must not
 * hold the lock of a store.
 */
public final class CredentialLocator {

    private static final Logger LOGGER = Logger.getLogger(CredentialLocator.class.getName());

    /**
     * The last known location of each credential object. Keys are weak and compared by identity, since credentials with
     * the same ID are equal. A move keeps the object and a copy does not, which distinguishes a moved credential from
     * another one with a token of the same family.
     */
    private final Map<VcfCredentials, StoreCredentialWriter> writers =
            new MapMaker().weakKeys().makeMap();

    private final ReadOnlyStoreTracker readOnlyStores;
    private final Supplier<Optional<TokenFamilyAdmin>> families;

    /** @param families supplies the token families; empty if there is no ledger, or it cannot be read */
    public CredentialLocator(Supplier<Optional<TokenFamilyAdmin>> families, InstantSource clock) {
        this.families = families;
        this.readOnlyStores = new ReadOnlyStoreTracker(clock);
    }

    /**
     * @param near a job or folder that can see the credential, where the scan starts; may be null
     * @return empty if no store contains this object or its unambiguous replacement
     */
    public Optional<StoreCredentialWriter> find(VcfCredentials credential, @CheckForNull Item near) {
        StoreCredentialWriter known = writers.get(credential);
        if (known != null && known.reference().contains(credential)) {
            return Optional.of(known);
        }
        try (ACLContext asSystem = ACL.as2(ACL.SYSTEM2)) {
            Optional<LocatedCredential> found = findObject(credential, near);
            if (found.isPresent()) {
                return Optional.of(updateLocation(found.get()));
            }
            if (known != null && isSameAccount(readOrFollowMove(known), credential)) {
                return Optional.of(known);
            }
            return findByFamily(credential, near).map(this::updateLocation);
        }
    }

    /** Starts with the ancestors of the job, which usually have the credential; there may be thousands of folders. */
    private static Optional<LocatedCredential> findObject(VcfCredentials credential, @CheckForNull Item near) {
        Stream<ModelObject> owners = Stream.concat(
                StoreContext.ancestors(near).stream(),
                Stream.of(credential).flatMap(CredentialLocator::possibleOwners));
        return scan(owners, credential.getId(), candidate -> candidate == credential)
                .findFirst();
    }

    @CheckForNull
    private VcfCredentials readOrFollowMove(StoreCredentialWriter writer) {
        VcfCredentials stored = writer.reference().read();
        return stored == null && followMove(writer) ? writer.reference().read() : stored;
    }

    /**
     * Matches a stale object whose location was not recorded before it was replaced. Matches by token family, since
     * credentials of several folders may have the same ID and server. Returns empty if the match is ambiguous.
     */
    private Optional<LocatedCredential> findByFamily(VcfCredentials credential, @CheckForNull Item near) {
        String token = secret(credential);
        Predicate<VcfCredentials> isRelated = candidate -> isSameAccount(candidate, credential)
                && (token.equals(secret(candidate))
                        || queryLedger(
                                ledger -> ledger.areRelated(credential.account(), secret(candidate), token),
                                false,
                                () -> unreadable(credential.account())));
        if (near != null && credential.getScope() != CredentialsScope.USER) {
            Optional<LocatedCredential> visible = scan(
                            StoreContext.ancestors(near).stream(), credential.getId(), isRelated)
                    .findFirst();
            if (visible.isPresent()) {
                return visible;
            }
        }
        if (token.isBlank()) {
            return Optional.empty();
        }
        // Empty secrets match every family that was authorized while its credential was empty.
        Predicate<VcfCredentials> isNotEmpty = candidate -> !secret(candidate).isBlank();
        List<LocatedCredential> all = scan(possibleOwners(credential), credential.getId(), isNotEmpty.and(isRelated))
                .limit(2)
                .toList();
        return all.size() == 1 ? Optional.of(all.get(0)) : Optional.empty();
    }

    /** Records the location. After a move, also updates the token family and the writer of open blocks. */
    private StoreCredentialWriter updateLocation(LocatedCredential found) {
        VcfCredentials credential = found.credential();
        StoreCredentialWriter last = writers.get(credential);
        if (last == null) {
            last = new StoreCredentialWriter(found.reference(), credential, this);
            writers.put(credential, last);
        } else if (!last.reference().isSameAs(found.reference())) {
            try {
                bindFamily(credential.account(), secret(credential), last.location(), found.location());
            } catch (IllegalArgumentException e) {
                LOGGER.log(Level.FINE, "A credential with an invalid address has no family", e);
            }
            last.moveTo(found.reference());
        }
        return last;
    }

    /**
     * Searches for the credential of a writer that is no longer at its location, and updates the writer. Only matches
     * objects that were recorded at that location: permission to store a credential elsewhere, perhaps with an old
     * token, must not give access to the current token.
     *
     * @return whether it was found
     */
    boolean followMove(StoreCredentialWriter writer) {
        StoredCredentialReference former = writer.reference();
        try (ACLContext asSystem = ACL.as2(ACL.SYSTEM2)) {
            Stream<? extends ModelObject> owners = StoreContext.isPersonal(former.location())
                    ? User.getAll().stream()
                    : StoreContext.controllerAndFolders().stream();
            Optional<LocatedCredential> moved = scan(owners, former.id(), candidate -> {
                        StoreCredentialWriter last = writers.get(candidate);
                        return last != null && last.reference().isSameAs(former);
                    })
                    .filter(found -> !found.reference().isSameAs(former))
                    .findFirst();
            moved.ifPresent(found -> writer.moveTo(updateLocation(found).reference()));
            return moved.isPresent();
        }
    }

    void remember(VcfCredentials credential, StoreCredentialWriter writer) {
        writers.put(credential, writer);
    }

    /**
     * Binds the family of a replaced token to the credential that stores it if its ID has changed, see
     * {@link #findFormerLocation}; otherwise does nothing. May wait for a running request.
     */
    public void followNewId(StoreCredentialWriter writer, Account account, String token) {
        CredentialLocation now = writer.location();
        findFormerLocation(account, token, now).ifPresent(former -> bindFamily(account, token, former, now));
    }

    /**
     * Finds the former location of a credential with a changed ID, for example in a configuration file, that stores a
     * replaced token. Only matches in the stores of the same owner, and if no credential has the former ID any more: a
     * user who can write there could also restore the former ID, so this grants no additional access.
     *
     * @return empty if the token is current, unknown, or bound to the location
     */
    public Optional<CredentialLocation> findFormerLocation(Account account, String token, CredentialLocation now) {
        Set<CredentialLocation> locations = token.isBlank()
                ? Set.of()
                : queryLedger(
                        ledger -> ledger.findLocationsOfFormerToken(account, token),
                        Set.of(),
                        () -> unreadable(account));
        return locations.contains(now)
                ? Optional.empty()
                : locations.stream()
                        .filter(location -> location.context().equals(now.context()))
                        .filter(location -> read(location).isEmpty())
                        .findFirst();
    }

    /** The secret that is stored at a location; null if there is none, or it is for another account. */
    @CheckForNull
    public String findSecret(CredentialLocation location, Account account) {
        return read(location)
                .filter(credential -> isFor(credential, account))
                .map(CredentialLocator::secret)
                .orElse(null);
    }

    private static Optional<VcfCredentials> read(CredentialLocation location) {
        try (ACLContext asSystem = ACL.as2(ACL.SYSTEM2)) {
            StoreContext owner = StoreContext.named(location.context());
            return owner == null
                    ? Optional.empty()
                    : scan(Stream.of(owner.context()), location.credentialsId(), credential -> true)
                            .map(LocatedCredential::credential)
                            .findFirst();
        }
    }

    /** Whether the store of a credential rejected the last write, so that only the ledger has the rotated token. */
    public boolean isReadOnly(LocatedCredential stored) {
        return readOnlyStores.isReadOnly(stored.store().getClass(), stored.location());
    }

    /**
     * Checks whether the external store of a credential accepts writes, before a token is rotated. Blocks on the
     * network; does nothing for credentials in Jenkins.
     */
    public void checkWritable(LocatedCredential stored) {
        VersionedSecret origin = VersionedSecretProvider.findFor(stored.credential());
        if (origin == null) {
            return;
        }
        try {
            readOnlyStores
                    .track(origin, stored.store().getClass(), stored.location())
                    .checkWritable();
        } catch (IOException e) {
            LOGGER.log(Level.FINE, e, () -> origin.description() + " cannot be written");
        }
    }

    ReadOnlyStoreTracker readOnlyStores() {
        return readOnlyStores;
    }

    /** Whether two credentials have the same class and account. */
    private static boolean isSameAccount(@CheckForNull VcfCredentials credential, VcfCredentials other) {
        try {
            return credential != null
                    && credential.getClass() == other.getClass()
                    && isFor(credential, other.account());
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    static boolean isFor(VcfCredentials credential, Account account) {
        try {
            return credential.account().isSameAs(account);
        } catch (IllegalArgumentException e) {
            // The stored address is invalid.
            return false;
        }
    }

    private static String secret(VcfCredentials credential) {
        return credential.storedSecret().getPlainText();
    }

    /** May block on the lock of the family. */
    private void bindFamily(Account account, String token, CredentialLocation from, CredentialLocation to) {
        queryLedger(
                ledger -> {
                    ledger.follow(account, token, from, to);
                    return true;
                },
                false,
                () -> "The token record of credential ‘" + to.credentialsId() + "’ could not follow its move from "
                        + from.context() + " to " + to.context());
    }

    private static String unreadable(Account account) {
        return "The token records of " + account.description() + " cannot be read";
    }

    private interface LedgerQuery<T> {
        T run(TokenFamilyAdmin ledger) throws IOException, InterruptedException;
    }

    /** @return the fallback if there is no ledger, or it cannot be read */
    private <T> T queryLedger(LedgerQuery<T> query, T fallback, Supplier<String> failure) {
        try {
            Optional<TokenFamilyAdmin> ledger = families.get();
            return ledger.isPresent() ? query.run(ledger.get()) : fallback;
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, e, failure);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return fallback;
    }

    /** A credential without scope can be personal too: forms omit the scope if the store has only one. */
    private static Stream<ModelObject> possibleOwners(VcfCredentials credential) {
        CredentialsScope scope = credential.getScope();
        return Stream.concat(
                scope == CredentialsScope.USER ? Stream.empty() : StoreContext.controllerAndFolders().stream(),
                scope == CredentialsScope.USER || scope == null ? User.getAll().stream() : Stream.empty());
    }

    /** Lazily reads the stores of the owners, each with the permissions of its owner. */
    private static Stream<LocatedCredential> scan(
            Stream<? extends ModelObject> owners, String id, Predicate<VcfCredentials> filter) {
        return owners.flatMap(context -> {
            StoreContext owner = new StoreContext(context);
            try (ACLContext asOwner = owner.impersonate()) {
                return owner.credentials().stream()
                        .filter(found -> found.credential().getId().equals(id) && filter.test(found.credential()))
                        .toList()
                        .stream();
            }
        });
    }
}
