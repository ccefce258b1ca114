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
 * Finds the store that owns a credential. A credential object does not know its store, so the stores that can hold it are
 * scanned for the object, once for each object. A stale object, which has been replaced in its store, is matched by the
 * location at which it was seen last, then by token family.
 *
 * <p>Thread-safe. Reads the ledger where token families are compared, and may then wait for a running request, so it must
 * not be called with the lock of a store held.
 */
public final class CredentialLocator {

    private static final Logger LOGGER = Logger.getLogger(CredentialLocator.class.getName());

    /**
     * Where each credential object was seen last. Keys are weak and compared by identity, since credentials with one ID are
     * equal. A move takes the very object along, and a copy does not: that tells a credential that was moved from another
     * one that was given a token of the same family.
     */
    private final Map<VcfCredentials, StoreCredentialWriter> lastSeen =
            new MapMaker().weakKeys().makeMap();

    private final RefusingStoreCache refusing;
    private final Supplier<Optional<TokenFamilyAdmin>> families;

    /** @param families the ledger's families; empty while there is no ledger, or it cannot be read */
    public CredentialLocator(Supplier<Optional<TokenFamilyAdmin>> families, InstantSource clock) {
        this.families = families;
        this.refusing = new RefusingStoreCache(clock);
    }

    /**
     * Finds where a credential is stored.
     *
     * @param near a job or folder that can see the credential, where the scan starts; may be null
     * @return empty when no store has this object, nor one that has certainly replaced it
     */
    public Optional<StoreCredentialWriter> find(VcfCredentials credential, @CheckForNull Item near) {
        StoreCredentialWriter known = lastSeen.get(credential);
        if (known != null && known.entry().holds(credential)) {
            return Optional.of(known);
        }
        try (ACLContext asSystem = ACL.as2(ACL.SYSTEM2)) {
            Optional<LocatedCredential> found = findObject(credential, near);
            if (found.isPresent()) {
                return Optional.of(seen(found.get()));
            }
            if (known != null && isSameAccount(readOrFollowMove(known), credential)) {
                return Optional.of(known);
            }
            return findByFamily(credential, near).map(this::seen);
        }
    }

    /** Starts with the folders that the job can see: mostly one of them has the credential, and there may be thousands. */
    private static Optional<LocatedCredential> findObject(VcfCredentials credential, @CheckForNull Item near) {
        Stream<ModelObject> owners = Stream.concat(
                StoreContext.ancestors(near).stream(),
                Stream.of(credential).flatMap(CredentialLocator::possibleOwners));
        return scan(owners, credential.getId(), candidate -> candidate == credential)
                .findFirst();
    }

    @CheckForNull
    private VcfCredentials readOrFollowMove(StoreCredentialWriter writer) {
        VcfCredentials stored = writer.entry().read();
        return stored == null && followMove(writer) ? writer.entry().read() : stored;
    }

    /**
     * Matches a stale object that was not seen before it was replaced. An ID and a server are not enough, as folders have
     * credentials with the same ID, so the token family decides; an ambiguous match is none.
     */
    private Optional<LocatedCredential> findByFamily(VcfCredentials credential, @CheckForNull Item near) {
        String token = secret(credential);
        Predicate<VcfCredentials> isRelated = candidate -> isSameAccount(candidate, credential)
                && (token.equals(secret(candidate))
                        || askLedger(
                                ledger -> ledger.areRelated(credential.account(), secret(candidate), token),
                                false,
                                () -> unreadable(credential.account())));
        if (near != null && credential.getScope() != CredentialsScope.USER) {
            Optional<LocatedCredential> seen = scan(
                            StoreContext.ancestors(near).stream(), credential.getId(), isRelated)
                    .findFirst();
            if (seen.isPresent()) {
                return seen;
            }
        }
        if (token.isBlank()) {
            return Optional.empty();
        }
        // An empty secret is related to each family that was authorized while its credential was empty.
        Predicate<VcfCredentials> isNotEmpty = candidate -> !secret(candidate).isBlank();
        List<LocatedCredential> all = scan(possibleOwners(credential), credential.getId(), isNotEmpty.and(isRelated))
                .limit(2)
                .toList();
        return all.size() == 1 ? Optional.of(all.get(0)) : Optional.empty();
    }

    /** Records where a credential was found. If it was moved, its family and the writer of its open blocks follow. */
    private StoreCredentialWriter seen(LocatedCredential found) {
        VcfCredentials credential = found.credential();
        StoreCredentialWriter last = lastSeen.get(credential);
        if (last == null) {
            last = new StoreCredentialWriter(found.entry(), credential, this);
            lastSeen.put(credential, last);
        } else if (!last.entry().isSameAs(found.entry())) {
            try {
                bindFamily(credential.account(), secret(credential), last.location(), found.location());
            } catch (IllegalArgumentException e) {
                LOGGER.log(Level.FINE, "A credential with an invalid address has no family", e);
            }
            last.moveTo(found.entry());
        }
        return last;
    }

    /**
     * Looks for the credential of a writer that is no longer at its location, and moves the writer to where it is now. Only
     * an object that was seen there counts: the right to store a credential elsewhere, perhaps with an old token, gives no
     * right to the current token.
     */
    boolean followMove(StoreCredentialWriter writer) {
        StoreEntry gone = writer.entry();
        try (ACLContext asSystem = ACL.as2(ACL.SYSTEM2)) {
            Stream<? extends ModelObject> owners = StoreContext.isPersonal(gone.location())
                    ? User.getAll().stream()
                    : StoreContext.controllerAndFolders().stream();
            Optional<LocatedCredential> moved = scan(owners, gone.id(), candidate -> {
                        StoreCredentialWriter last = lastSeen.get(candidate);
                        return last != null && last.entry().isSameAs(gone);
                    })
                    .filter(found -> !found.entry().isSameAs(gone))
                    .findFirst();
            moved.ifPresent(found -> writer.moveTo(seen(found).entry()));
            return moved.isPresent();
        }
    }

    void remember(VcfCredentials credential, StoreCredentialWriter writer) {
        lastSeen.put(credential, writer);
    }

    /**
     * Binds the family of a replaced token to the credential that stores it, where that credential has got a new ID, see
     * {@link #findFormerLocation}. Does nothing in all other cases. May wait for a running request.
     */
    public void followNewId(StoreCredentialWriter writer, Account account, String token) {
        CredentialLocation now = writer.location();
        findFormerLocation(account, token, now).ifPresent(former -> bindFamily(account, token, former, now));
    }

    /**
     * Finds the former ID of a credential that got a new one, in a configuration file for example, with a token that has
     * been replaced since. Counts only in the stores of the same owner and where no credential has the former ID any more:
     * a person who may write there could restore the former ID as well, so this grants nothing.
     *
     * @return empty when the token is current, unknown, or bound to the location
     */
    public Optional<CredentialLocation> findFormerLocation(Account account, String token, CredentialLocation now) {
        Set<CredentialLocation> locations = token.isBlank()
                ? Set.of()
                : askLedger(
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

    /** The secret that is stored at a location; null when there is none, or it is for another account. */
    @CheckForNull
    public String stored(CredentialLocation location, Account account) {
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

    /** Whether the store of a credential refused the last rotated token, so that only the ledger has it. */
    public boolean isReadOnly(LocatedCredential stored) {
        return refusing.isReadOnly(stored.store().getClass(), stored.location());
    }

    /**
     * Finds out whether the store outside of Jenkins that a credential comes from takes rotated tokens, before there is one.
     * Blocks on the network; does nothing for other credentials.
     */
    public void checkWritable(LocatedCredential stored) {
        VersionedSecret origin = VersionedSecretProvider.findFor(stored.credential());
        if (origin == null) {
            return;
        }
        try {
            refusing.tracked(origin, stored.store().getClass(), stored.location())
                    .checkWritable();
        } catch (IOException e) {
            LOGGER.log(Level.FINE, e, () -> origin.description() + " cannot be written");
        }
    }

    RefusingStoreCache refusing() {
        return refusing;
    }

    /** Whether two credentials are of one kind and for one account. */
    private static boolean isSameAccount(@CheckForNull VcfCredentials one, VcfCredentials other) {
        try {
            return one != null && one.getClass() == other.getClass() && isFor(one, other.account());
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    static boolean isFor(VcfCredentials credential, Account account) {
        try {
            return credential.account().isSameAs(account);
        } catch (IllegalArgumentException e) {
            // Its stored address is invalid.
            return false;
        }
    }

    private static String secret(VcfCredentials credential) {
        return credential.storedSecret().getPlainText();
    }

    /** Blocks for the lock of the family. */
    private void bindFamily(Account account, String token, CredentialLocation from, CredentialLocation to) {
        askLedger(
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
        T ask(TokenFamilyAdmin ledger) throws IOException, InterruptedException;
    }

    /** @return the fallback where there is no ledger, or it cannot be used */
    private <T> T askLedger(LedgerQuery<T> query, T fallback, Supplier<String> failure) {
        try {
            Optional<TokenFamilyAdmin> ledger = families.get();
            return ledger.isPresent() ? query.ask(ledger.get()) : fallback;
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, e, failure);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return fallback;
    }

    /** A credential without scope can be personal too: a form sets none where its store knows only one. */
    private static Stream<ModelObject> possibleOwners(VcfCredentials credential) {
        CredentialsScope scope = credential.getScope();
        return Stream.concat(
                scope == CredentialsScope.USER ? Stream.empty() : StoreContext.controllerAndFolders().stream(),
                scope == CredentialsScope.USER || scope == null ? User.getAll().stream() : Stream.empty());
    }

    /** Reads the stores of the owners one after the other, each with the permissions of its owner. */
    private static Stream<LocatedCredential> scan(
            Stream<? extends ModelObject> owners, String id, Predicate<VcfCredentials> wanted) {
        return owners.flatMap(context -> {
            StoreContext owner = new StoreContext(context);
            try (ACLContext asOwner = owner.impersonate()) {
                return owner.credentials().stream()
                        .filter(found -> found.credential().getId().equals(id) && wanted.test(found.credential()))
                        .toList()
                        .stream();
            }
        });
    }
}
