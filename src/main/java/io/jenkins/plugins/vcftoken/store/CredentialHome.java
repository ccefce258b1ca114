package io.jenkins.plugins.vcftoken.store;

import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.security.ACLContext;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.family.Place;
import io.jenkins.plugins.vcftoken.family.TokenKeeper;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.Jenkins;

/** The credentials store that owns a credential, and the way of a rotated token back into it. */
public final class CredentialHome implements TokenKeeper {

    private static final Logger LOGGER = Logger.getLogger(CredentialHome.class.getName());

    private final StoreOwner owner;
    private final CredentialsStore store;
    private final Domain domain;
    private final String id;
    private final Set<Place> readOnly;

    /** @param readOnly places of which it was said that they cannot be written */
    CredentialHome(StoreOwner owner, CredentialsStore store, Domain domain, String id, Set<Place> readOnly) {
        this.owner = owner;
        this.store = store;
        this.domain = domain;
        this.id = id;
        this.readOnly = readOnly;
    }

    static Set<Place> newMemoryOfReadOnlyPlaces() {
        return ConcurrentHashMap.newKeySet();
    }

    /** False once the credential was replaced, deleted, or moved to another store. */
    boolean holds(VcfCredentials credential) {
        try (ACLContext asOwner = owner.impersonate()) {
            return store.getCredentials(domain).stream().anyMatch(candidate -> candidate == credential);
        }
    }

    public Place place() {
        return new Place(owner.name(), id);
    }

    @Override
    public void keep(Predicate<String> sameFamily, String current, boolean again) throws IOException {
        if (readOnly.contains(place())) {
            return;
        }
        try (ACLContext asOwner = owner.impersonate()) {
            if (!store.hasPermission2(Jenkins.getAuthentication2(), CredentialsProvider.UPDATE)) {
                sayReadOnly(null);
                return;
            }
            // Against a form that is being saved at this moment. Other stores offer no lock; there, what lies between
            // reading and replacing is a few instructions.
            synchronized (SystemCredentialsProvider.getInstance()) {
                for (Credentials candidate : store.getCredentials(domain)) {
                    if (candidate instanceof VcfCredentials found
                            && found.getId().equals(id)) {
                        replace(found, sameFamily, current, again);
                        return;
                    }
                }
            }
        } catch (UnsupportedOperationException e) {
            sayReadOnly(e);
        }
    }

    @Override
    public String stored(Endpoint endpoint) {
        try (ACLContext asOwner = owner.impersonate()) {
            for (Credentials candidate : store.getCredentials(domain)) {
                if (candidate instanceof VcfCredentials found
                        && found.getId().equals(id)
                        && found.endpoint().equals(endpoint)) {
                    return found.storedSecret().getPlainText();
                }
            }
        } catch (IllegalArgumentException e) {
            LOGGER.log(Level.FINE, "Its address is none any more", e);
        }
        return null;
    }

    /** What became of a secret that was to be stored in the credential. */
    public enum Placed {
        STORED,
        /** The credential is not there any more. */
        GONE,
        /** It is for another server or organization by now. */
        FOR_ANOTHER_SERVER,
        /** The store takes no changes; the ledger serves alone. */
        READ_ONLY
    }

    /**
     * Stores a secret that the server issued anew for the credential, whatever stands there now.
     *
     * @throws IOException when the store could not be saved
     */
    public Placed store(Endpoint endpoint, String secret, String clientId) throws IOException {
        try (ACLContext asOwner = owner.impersonate()) {
            if (!store.hasPermission2(Jenkins.getAuthentication2(), CredentialsProvider.UPDATE)) {
                return Placed.READ_ONLY;
            }
            synchronized (SystemCredentialsProvider.getInstance()) {
                for (Domain each : store.getDomains()) {
                    for (Credentials candidate : store.getCredentials(each)) {
                        if (candidate instanceof VcfCredentials found
                                && found.getId().equals(id)) {
                            return store(each, found, endpoint, secret, clientId);
                        }
                    }
                }
            }
            return Placed.GONE;
        } catch (UnsupportedOperationException e) {
            return Placed.READ_ONLY;
        }
    }

    private Placed store(Domain where, VcfCredentials found, Endpoint endpoint, String secret, String clientId)
            throws IOException {
        try {
            if (!found.endpoint().equals(endpoint)) {
                return Placed.FOR_ANOTHER_SERVER;
            }
        } catch (IllegalArgumentException e) {
            return Placed.FOR_ANOTHER_SERVER;
        }
        store.updateCredentials(where, found, found.withAuthorized(Secret.fromString(secret), clientId));
        return Placed.STORED;
    }

    private void replace(VcfCredentials found, Predicate<String> sameFamily, String current, boolean again)
            throws IOException {
        String stored = found.storedSecret().getPlainText();
        boolean wanted = stored.equals(current) ? again : sameFamily.test(stored);
        if (wanted) {
            store.updateCredentials(domain, found, found.withStoredSecret(Secret.fromString(current)));
        }
    }

    private void sayReadOnly(UnsupportedOperationException e) {
        if (readOnly.add(place())) {
            LOGGER.log(
                    Level.INFO,
                    e,
                    () -> "Credential '" + id + "' is in a store that cannot be written (" + owner.name()
                            + "). Its rotated tokens are kept in the ledger alone, and builds use them from there.");
        }
    }
}
