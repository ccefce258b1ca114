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
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.Jenkins;

/**
 * An ID in a domain of a credentials store, whichever credential stands there; read and written as the store's owner.
 *
 * <p>The store is looked up at each use. A folder has another one from the moment its XML is replaced, by Job DSL, for
 * example: the one of before still shows what it had, and saves nothing of what it is given.
 *
 * @param kind which of the owner's stores: each has a class of its own, and some providers make a new object for each
 *     who asks
 */
record StoreEntry(StoreContext owner, Class<? extends CredentialsStore> kind, Domain domain, String id) {

    private static final Logger LOGGER = Logger.getLogger(StoreEntry.class.getName());

    /** How often a store may have changed just before it is written, before something is wrong with it. */
    private static final int TRIES = 3;

    /** What became of a change. */
    enum Outcome {
        REPLACED,
        /** The credential that stands here is to stay as it is. */
        UNWANTED,
        /** No credential of ours stands here. */
        EMPTY,
        /** The store takes no changes. */
        READ_ONLY
    }

    CredentialLocation location() {
        return new CredentialLocation(owner.name(), id);
    }

    boolean isSameAs(StoreEntry other) {
        return kind == other.kind && domain.equals(other.domain) && location().equals(other.location());
    }

    /** False once the credential was replaced, deleted, or moved. */
    boolean holds(VcfCredentials credential) {
        try (ACLContext asOwner = owner.impersonate()) {
            CredentialsStore store = store();
            return store != null
                    && store.getCredentials(domain).stream().anyMatch(candidate -> candidate == credential);
        }
    }

    /** What stands here now; null when nothing of ours does. */
    @CheckForNull
    VcfCredentials resident() {
        try (ACLContext asOwner = owner.impersonate()) {
            return resident(store());
        }
    }

    @CheckForNull
    private VcfCredentials resident(@CheckForNull CredentialsStore store) {
        if (store != null) {
            for (Credentials candidate : store.getCredentials(domain)) {
                if (candidate instanceof VcfCredentials stored && stored.getId().equals(id)) {
                    return stored;
                }
            }
        }
        return null;
    }

    /** For whoever is the owner at the moment; null when there is none any more. */
    @CheckForNull
    private CredentialsStore store() {
        StoreContext now = owner.now();
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
     * Replaces what stands here. Blocks while the store is saved, and holds no lock but those that the store takes itself:
     * saving a folder waits for a thread that renames it, and calls listeners.
     *
     * @param change gives what is to stand here instead, or null to leave it; asked again if the store has changed
     * @throws IOException when the store could not be saved, or changes all the time
     */
    Outcome replace(Function<VcfCredentials, VcfCredentials> change) throws IOException {
        try (ACLContext asOwner = owner.impersonate()) {
            VcfCredentials refused = null;
            boolean byId = false;
            for (int i = 0; i < TRIES; i++) {
                CredentialsStore store = store();
                VcfCredentials stored = resident(store);
                if (store == null || stored == null) {
                    return Outcome.EMPTY;
                }
                if (!store.hasPermission2(Jenkins.getAuthentication2(), CredentialsProvider.UPDATE)) {
                    return Outcome.READ_ONLY;
                }
                VcfCredentials changed = change.apply(stored);
                if (changed == null) {
                    return Outcome.UNWANTED;
                }
                boolean isUnchanged = refused != null && stored.storedSecret().equals(refused.storedSecret());
                if (isUnchanged && (byId || stored == refused)) {
                    // A store that says no, while nothing else has changed what stands there, takes no changes at all.
                    return Outcome.READ_ONLY;
                }
                // One that shows copies of what it has does not know the object that was read.
                byId = isUnchanged;
                if (store.updateCredentials(domain, byId ? stored : new Expected(stored, changed), changed)) {
                    return Outcome.REPLACED;
                }
                refused = stored;
            }
        } catch (UnsupportedOperationException e) {
            LOGGER.log(Level.FINE, e, () -> "The store of " + owner.name() + " says that it is read-only");
            return Outcome.READ_ONLY;
        }
        throw new IOException("the store of " + owner.name() + " changes each time it is to be written");
    }

    /**
     * A credential to be replaced only if it is still the object that was read. A store searches its list for what it is to
     * replace with {@link java.util.List#indexOf}, which asks this object whether it equals each element, under the store's
     * own lock: a form that was saved since then is not overwritten. The store also asks whether the replacement has the
     * same ID.
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
