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
 * An ID in a domain of a credentials store, read and written with the permissions of the store's owner.
 *
 * <p>The store object is looked up at each use. When the XML of a folder is replaced, by Job DSL for example, the folder
 * gets another store object: the former one still returns its content, and saves nothing.
 *
 * @param kind the class of the store, which tells the stores of one owner apart: some providers make a new object for each
 *     caller
 */
record StoreEntry(StoreContext owner, Class<? extends CredentialsStore> kind, Domain domain, String id) {

    private static final Logger LOGGER = Logger.getLogger(StoreEntry.class.getName());

    /** How often a concurrent change of the store is tolerated. */
    private static final int TRIES = 3;

    CredentialLocation location() {
        return new CredentialLocation(owner.name(), id);
    }

    boolean isSameAs(StoreEntry other) {
        return kind == other.kind && domain.equals(other.domain) && location().equals(other.location());
    }

    /** Whether the store holds this very object; false once the credential was replaced, deleted or moved. */
    boolean holds(VcfCredentials credential) {
        try (ACLContext asOwner = owner.impersonate()) {
            return content(store()).stream().anyMatch(candidate -> candidate == credential);
        }
    }

    /** The credential that is stored under this ID now; null when there is none. */
    @CheckForNull
    VcfCredentials read() {
        try (ACLContext asOwner = owner.impersonate()) {
            return read(store());
        }
    }

    @CheckForNull
    private VcfCredentials read(@CheckForNull CredentialsStore store) {
        for (Credentials candidate : content(store)) {
            if (candidate instanceof VcfCredentials stored && stored.getId().equals(id)) {
                return stored;
            }
        }
        return null;
    }

    private List<Credentials> content(@CheckForNull CredentialsStore store) {
        return store == null ? List.of() : store.getCredentials(domain);
    }

    /** The store object that the owner has now; null when the owner or the store is gone. Asks no stores of its parents. */
    @CheckForNull
    private CredentialsStore store() {
        StoreContext now = owner.current();
        if (now != null) {
            for (CredentialsStore store : CredentialsProvider.lookupStores(now.context())) {
                if (store.getClass() == kind && store.getContext() == now.context()) {
                    return store;
                }
            }
        }
        return null;
    }

    /**
     * Replaces the stored credential, unless it changes in between: then {@code change} is asked again. Blocks while the
     * store is saved. Called without locks: saving a folder waits for a thread that renames it, and calls listeners.
     *
     * @param change returns the replacement, or null to leave the credential as it is
     * @throws IOException when the store could not be saved, or kept changing
     */
    WriteResult replace(UnaryOperator<VcfCredentials> change) throws IOException {
        try (ACLContext asOwner = owner.impersonate()) {
            VcfCredentials refused = null;
            boolean byId = false;
            for (int i = 0; i < TRIES; i++) {
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
                    // A store that refuses although its content did not change takes no changes at all.
                    return WriteResult.READ_ONLY;
                }
                // A store that returns copies of its content does not find the object that was read.
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
     * Equals the credential that was read, and no other one with its ID, so that a form that was saved since then is not
     * overwritten. A store finds the element to replace with {@link List#indexOf}, under its own lock, which asks this
     * object whether it equals each element; the store also checks that the replacement has the same ID.
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
