package io.jenkins.plugins.vcftoken.store;

import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsDescriptor;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.common.IdCredentials;
import com.cloudbees.plugins.credentials.domains.Domain;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.security.ACLContext;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import java.io.IOException;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.Jenkins;

/**
 * Refers to a stored credential by its store, domain and ID. Reads and replaces it with the permissions of the owner of
 * the store.
 *
 * <p>The store object is looked up at each use. When the XML of a folder is replaced, for example by Job DSL, the
 * folder gets a new store object; the former one still returns its content but does not save.
 *
 * @param storeClass identifies the store of the owner, since some providers create a new object for each caller
 */
record StoredCredentialReference(
        StoreContext owner, Class<? extends CredentialsStore> storeClass, Domain domain, String id) {

    private static final Logger LOGGER = Logger.getLogger(StoredCredentialReference.class.getName());

    /** Limits retries after concurrent changes of the store. */
    private static final int MAX_ATTEMPTS = 3;

    CredentialLocation location() {
        return new CredentialLocation(owner.name(), id);
    }

    boolean isSameAs(StoredCredentialReference other) {
        return storeClass == other.storeClass
                && domain.equals(other.domain)
                && location().equals(other.location());
    }

    /** Whether the store contains this object (by identity): false after it was replaced, deleted or moved. */
    boolean contains(VcfCredentials credential) {
        try (ACLContext asOwner = owner.impersonate()) {
            return credentials(store()).stream().anyMatch(candidate -> candidate == credential);
        }
    }

    /** The credential that is currently stored with this ID; null if there is none. */
    @CheckForNull
    VcfCredentials read() {
        try (ACLContext asOwner = owner.impersonate()) {
            return read(store());
        }
    }

    @CheckForNull
    private VcfCredentials read(@CheckForNull CredentialsStore store) {
        for (Credentials candidate : credentials(store)) {
            if (candidate instanceof VcfCredentials stored && stored.getId().equals(id)) {
                return stored;
            }
        }
        return null;
    }

    private List<Credentials> credentials(@CheckForNull CredentialsStore store) {
        return store == null ? List.of() : store.getCredentials(domain);
    }

    /** The current store object of the owner, without parents; null if the owner or the store does not exist. */
    @CheckForNull
    private CredentialsStore store() {
        StoreContext now = owner.current();
        if (now != null) {
            for (CredentialsStore store : CredentialsProvider.lookupStores(now.context())) {
                if (store.getClass() == storeClass && store.getContext() == now.context()) {
                    return store;
                }
            }
        }
        return null;
    }

    /**
     * Replaces the stored credential (compare-and-set; calls {@code change} again after a concurrent change). Blocks
     * while the store is saved. Must be called without locks: saving a folder waits for a thread that renames it, and
     * calls listeners.
     *
     * @param change returns the replacement, or null to keep the credential
     * @throws IOException if the store could not be saved, or kept changing
     */
    WriteResult replace(UnaryOperator<VcfCredentials> change) throws IOException {
        try (ACLContext asOwner = owner.impersonate()) {
            VcfCredentials refused = null;
            boolean byId = false;
            for (int i = 0; i < MAX_ATTEMPTS; i++) {
                CredentialsStore store = store();
                VcfCredentials stored = read(store);
                if (store == null || stored == null) {
                    return WriteResult.GONE;
                }
                if (!store.hasPermission2(Jenkins.getAuthentication2(), CredentialsProvider.UPDATE)) {
                    return WriteResult.READ_ONLY;
                }
                VcfCredentials changed = change.apply(stored);
                if (changed == null) {
                    return WriteResult.UNCHANGED;
                }
                boolean isUnchanged = refused != null && stored.storedSecret().equals(refused.storedSecret());
                if (isUnchanged && (byId || stored == refused)) {
                    // Rejected although unchanged: the store accepts no changes at all.
                    return WriteResult.READ_ONLY;
                }
                // A store that returns copies does not find the object that was read, so the ID is used.
                byId = isUnchanged;
                if (store.updateCredentials(domain, byId ? stored : new Expected(stored, changed), changed)) {
                    return WriteResult.STORED;
                }
                refused = stored;
            }
        } catch (UnsupportedOperationException e) {
            LOGGER.log(Level.FINE, e, () -> "The store of " + owner.name() + " says that it is read-only");
            return WriteResult.READ_ONLY;
        }
        throw new IOException("the store of " + owner.name() + " changes each time it is to be written");
    }

    /**
     * Equals the credential that was read and no other one with its ID, so that a form that was saved meanwhile is not
     * overwritten. Stores find the element to replace with {@link List#indexOf} under their own lock, which calls
     * {@code equals} of this object; they also check that the replacement has the same ID.
     */
    private record Expected(VcfCredentials read, VcfCredentials replacement) implements IdCredentials {

        @NonNull
        @Override
        public String getId() {
            return read.getId();
        }

        @CheckForNull
        @Override
        public CredentialsScope getScope() {
            return read.getScope();
        }

        @NonNull
        @Override
        public CredentialsDescriptor getDescriptor() {
            return read.getDescriptor();
        }

        @Override
        public boolean equals(Object other) {
            return other == this || other == read || other == replacement;
        }

        @Override
        public int hashCode() {
            return read.hashCode();
        }
    }
}
