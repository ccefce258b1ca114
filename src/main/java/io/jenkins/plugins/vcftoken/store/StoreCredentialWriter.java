package io.jenkins.plugins.vcftoken.store;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.CredentialWriter;
import io.jenkins.plugins.vcftoken.rotation.VersionedSecret;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Reads and writes one credential in its credentials store, also after it was moved to another store. Thread-safe;
 * shared by all blocks that use the credential.
 */
public final class StoreCredentialWriter implements CredentialWriter {

    private static final Logger LOGGER = Logger.getLogger(StoreCredentialWriter.class.getName());

    private final CredentialLocator locator;
    private final AtomicBoolean isGoneLogged = new AtomicBoolean();

    /** Kept after the credential was deleted, so that open blocks never send a token without claiming it. */
    @CheckForNull
    private final VersionedSecret versionedSecret;

    private volatile StoredCredentialReference reference;

    /** @param found the credential that the reference refers to */
    StoreCredentialWriter(StoredCredentialReference reference, VcfCredentials found, CredentialLocator locator) {
        this.reference = reference;
        this.locator = locator;
        VersionedSecret origin = VersionedSecretProvider.findFor(found);
        this.versionedSecret = origin == null
                ? null
                : locator.readOnlyStores()
                        .track(origin, reference.storeClass(), StoreContext.sharedLocation(reference.id()));
    }

    StoredCredentialReference reference() {
        return reference;
    }

    void moveTo(StoredCredentialReference other) {
        reference = other;
    }

    @Override
    public CredentialLocation location() {
        return versionedSecret == null ? reference.location() : StoreContext.sharedLocation(reference.id());
    }

    @Override
    public VersionedSecret versionedSecret() {
        return versionedSecret;
    }

    /** The currently stored credential; null if there is none, or it is for another account. */
    @CheckForNull
    public VcfCredentials credential(Account account) {
        VcfCredentials stored = reference.read();
        return stored != null && CredentialLocator.isFor(stored, account) ? stored : null;
    }

    @Override
    public String stored(Account account) {
        VcfCredentials stored = credential(account);
        return stored == null ? null : stored.storedSecret().getPlainText();
    }

    @Override
    public void writeBack(Predicate<String> sameFamily, String current, boolean again) throws IOException {
        StoredCredentialReference target = reference;
        if (!locator.readOnlyStores().canTryWrite(target.storeClass(), target.location())
                || looksLikeCiphertext(current)) {
            return;
        }
        WriteResult result = write(stored -> {
            String token = stored.storedSecret().getPlainText();
            boolean isReplaced = token.equals(current) ? again : sameFamily.test(token);
            return isReplaced ? stored.withStoredSecret(Secret.fromString(current)) : null;
        });
        if (result == WriteResult.READ_ONLY) {
            logReadOnly();
        } else if (result == WriteResult.GONE && isGoneLogged.compareAndSet(false, true)) {
            LOGGER.log(
                    Level.INFO,
                    () -> "Credential ‘" + reference.id() + "’ is not stored any more where it was ("
                            + reference.owner().name()
                            + "). The tokens that its open blocks rotate are kept in the ledger alone, for 30 days.");
        }
    }

    /**
     * Replaces the stored secret by one that the server has newly issued for the credential.
     *
     * @throws IOException if the store could not be saved
     */
    public WriteResult store(Account account, String secret, String clientId) throws IOException {
        if (looksLikeCiphertext(secret)) {
            return WriteResult.READ_ONLY;
        }
        if (versionedSecret != null) {
            return storeVersioned(versionedSecret, secret);
        }
        return write(stored -> CredentialLocator.isFor(stored, account)
                ? stored.withAuthorized(Secret.fromString(secret), clientId)
                : null);
    }

    /** Keeps the former state: it does not contain the new secret, so all controllers start with that. */
    private static WriteResult storeVersioned(VersionedSecret target, String secret) throws IOException {
        try {
            VersionedSecret.Content content = target.read();
            String state = content.state();
            return target.replace(content, secret, state == null ? "" : state).isPresent()
                    ? WriteResult.STORED
                    : WriteResult.UNCHANGED;
        } catch (VersionedSecret.ReadOnlyException e) {
            LOGGER.log(Level.INFO, e, () -> target.description() + " cannot be written");
            return WriteResult.READ_ONLY;
        }
    }

    private WriteResult write(UnaryOperator<VcfCredentials> change) throws IOException {
        WriteResult result = reference.replace(stored -> record(change.apply(stored)));
        if (result == WriteResult.GONE && locator.followMove(this)) {
            result = reference.replace(stored -> record(change.apply(stored)));
        }
        if (result == WriteResult.STORED) {
            locator.readOnlyStores().markWritable(reference.storeClass(), reference.location());
        }
        return result;
    }

    /** Called before the store contains the new object, so that a concurrent look-up needs no scan of all stores. */
    @CheckForNull
    private VcfCredentials record(@CheckForNull VcfCredentials changed) {
        if (changed != null) {
            locator.remember(changed, this);
        }
        return changed;
    }

    /**
     * A server that knows ciphertext of this controller could return it as a token to get it decrypted, since Jenkins
     * decrypts such text when it creates a {@link Secret}. The ledger keeps the text unchanged.
     */
    private boolean looksLikeCiphertext(String token) {
        if (Secret.decrypt(token) == null) {
            return false;
        }
        LOGGER.log(
                Level.WARNING,
                () -> "Credential ‘" + reference.id() + "’: its server issued a refresh token in the format of this "
                        + "controller's encrypted secrets. It is kept in the ledger alone.");
        return true;
    }

    private void logReadOnly() {
        if (locator.readOnlyStores().markReadOnly(reference.storeClass(), reference.location())) {
            LOGGER.log(
                    Level.INFO,
                    () -> "Credential ‘" + reference.id() + "’ is in a store that cannot be written ("
                            + reference.owner().name()
                            + "). Its rotated tokens are kept in the ledger alone, and builds use them from there. The store "
                            + "is tried again every ten minutes of use.");
        }
    }
}
