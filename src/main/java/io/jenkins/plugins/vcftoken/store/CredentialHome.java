package io.jenkins.plugins.vcftoken.store;

import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import com.cloudbees.plugins.credentials.domains.Domain;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.security.ACLContext;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.family.Place;
import io.jenkins.plugins.vcftoken.family.TokenKeeper;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.Jenkins;

/** The credentials store that owns a credential, and the way of a rotated token back into it. */
public final class CredentialHome implements TokenKeeper {

    private static final Logger LOGGER = Logger.getLogger(CredentialHome.class.getName());

    /** How often a store may have changed just before it is written, before something is wrong with it. */
    private static final int TRIES = 3;

    private final StoreOwner owner;
    private final CredentialsStore store;
    private final Domain domain;
    private final String id;
    private final CredentialHomes homes;
    private final AtomicBoolean missed = new AtomicBoolean();

    /** Where the credential was moved to, as far as is known. */
    @CheckForNull
    private volatile CredentialHome next;

    /** @param homes where those live that need not be looked for; this one adds what it puts into its store */
    CredentialHome(StoreOwner owner, CredentialsStore store, Domain domain, String id, CredentialHomes homes) {
        this.owner = owner;
        this.store = store;
        this.domain = domain;
        this.id = id;
        this.homes = homes;
    }

    /** False once the credential was replaced, deleted, or moved. */
    boolean holds(VcfCredentials credential) {
        try (ACLContext asOwner = owner.impersonate()) {
            return store.getCredentials(domain).stream().anyMatch(candidate -> candidate == credential);
        }
    }

    /** What stands here under the ID now; null when nothing of ours does. To be asked for as the owner. */
    @CheckForNull
    private VcfCredentials resident() {
        for (Credentials candidate : store.getCredentials(domain)) {
            if (candidate instanceof VcfCredentials stored && stored.getId().equals(id)) {
                return stored;
            }
        }
        return null;
    }

    /** Where what has replaced a credential that lived here is now. */
    Optional<CredentialHome> ofSuccessor(VcfCredentials credential) {
        VcfCredentials now;
        try (ACLContext asOwner = owner.impersonate()) {
            now = resident();
        }
        if (now != null) {
            return CredentialHomes.isSameAccount(now, credential) ? Optional.of(this) : Optional.empty();
        }
        return moved().flatMap(home -> home.ofSuccessor(credential));
    }

    boolean isSameAs(CredentialHome other) {
        return store.getClass() == other.store.getClass()
                && domain.equals(other.domain)
                && place().equals(other.place());
    }

    /** For a credential that is not here any more. */
    private Optional<CredentialHome> moved() {
        CredentialHome known = next;
        return known != null ? Optional.of(known) : homes.movedFrom(this);
    }

    void movedTo(CredentialHome there) {
        next = there;
    }

    boolean isPersonal() {
        return StoreOwner.isUser(owner.name());
    }

    String id() {
        return id;
    }

    public Place place() {
        return new Place(owner.name(), id);
    }

    @Override
    public void keep(Predicate<String> sameFamily, String current, boolean again) throws IOException {
        if (isKeptHere(sameFamily, current, again)) {
            return;
        }
        Optional<CredentialHome> there = moved();
        if (there.isPresent()) {
            there.get().keep(sameFamily, current, again);
        } else if (missed.compareAndSet(false, true)) {
            LOGGER.log(
                    Level.INFO,
                    () -> "Credential '" + id + "' is not stored any more where it was (" + owner.name()
                            + "). The tokens that its open blocks rotate are kept in the ledger alone, for 30 days.");
        }
    }

    /** @return false when nothing stands here to keep it in */
    private boolean isKeptHere(Predicate<String> sameFamily, String current, boolean again) throws IOException {
        if (homes.readOnly().contains(store, place())) {
            return true;
        }
        try (ACLContext asOwner = owner.impersonate()) {
            if (!store.hasPermission2(Jenkins.getAuthentication2(), CredentialsProvider.UPDATE)) {
                sayReadOnly(null);
                return true;
            }
            // Against a form that is being saved at this moment. Other stores offer no lock; there, what lies between
            // reading and replacing is a few instructions.
            synchronized (SystemCredentialsProvider.getInstance()) {
                VcfCredentials refused = null;
                for (int i = 0; i < TRIES; i++) {
                    VcfCredentials stored = resident();
                    if (stored == null) {
                        return false;
                    }
                    if (!isWanted(stored, sameFamily, current, again)) {
                        return true;
                    }
                    if (isUnchanged(stored, refused)) {
                        sayReadOnly(null);
                        return true;
                    }
                    if (isReplaced(stored, stored.withStoredSecret(Secret.fromString(current)))) {
                        return true;
                    }
                    refused = stored;
                }
            }
        } catch (UnsupportedOperationException e) {
            sayReadOnly(e);
            return true;
        }
        throw new IOException("the store of " + owner.name() + " changes each time it is to be written");
    }

    private boolean isWanted(VcfCredentials stored, Predicate<String> sameFamily, String current, boolean again) {
        String token = stored.storedSecret().getPlainText();
        boolean wanted = token.equals(current) ? again : sameFamily.test(token);
        return wanted && !looksLikeCiphertext(current);
    }

    /** A store that says no, while nobody else has changed what stands there, takes no changes at all. */
    private static boolean isUnchanged(VcfCredentials stored, @CheckForNull VcfCredentials refused) {
        return refused != null && stored.storedSecret().equals(refused.storedSecret());
    }

    /** @return false when the store did not find what was to be replaced */
    private boolean isReplaced(VcfCredentials stored, VcfCredentials rotated) throws IOException {
        // Before the store has it, or who asks in between would look for it everywhere.
        homes.remember(rotated, this);
        return store.updateCredentials(domain, stored, rotated);
    }

    @Override
    public String stored(Endpoint endpoint) {
        try (ACLContext asOwner = owner.impersonate()) {
            VcfCredentials stored = resident();
            if (stored != null && stored.endpoint().equals(endpoint)) {
                return stored.storedSecret().getPlainText();
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
        Placed placed = storeHere(endpoint, secret, clientId);
        Optional<CredentialHome> there = placed == Placed.GONE ? moved() : Optional.empty();
        return there.isPresent() ? there.get().store(endpoint, secret, clientId) : placed;
    }

    private Placed storeHere(Endpoint endpoint, String secret, String clientId) throws IOException {
        try (ACLContext asOwner = owner.impersonate()) {
            if (!store.hasPermission2(Jenkins.getAuthentication2(), CredentialsProvider.UPDATE)) {
                return Placed.READ_ONLY;
            }
            synchronized (SystemCredentialsProvider.getInstance()) {
                VcfCredentials refused = null;
                for (int i = 0; i < TRIES; i++) {
                    VcfCredentials stored = resident();
                    if (stored == null) {
                        return Placed.GONE;
                    }
                    if (!CredentialHomes.isFor(stored, endpoint)) {
                        return Placed.FOR_ANOTHER_SERVER;
                    }
                    if (looksLikeCiphertext(secret) || isUnchanged(stored, refused)) {
                        return Placed.READ_ONLY;
                    }
                    if (isReplaced(stored, stored.withAuthorized(Secret.fromString(secret), clientId))) {
                        return Placed.STORED;
                    }
                    refused = stored;
                }
            }
        } catch (UnsupportedOperationException e) {
            return Placed.READ_ONLY;
        }
        throw new IOException("the store of " + owner.name() + " changes each time it is to be written");
    }

    /**
     * A server that has seen ciphertext of this controller may hand it out as a token, to have it opened: as a secret it
     * would be. The ledger keeps such a text as it is.
     */
    private boolean looksLikeCiphertext(String token) {
        if (Secret.decrypt(token) == null) {
            return false;
        }
        LOGGER.log(
                Level.WARNING,
                () -> "Credential '" + id + "': its server handed out a refresh token in the shape of this "
                        + "controller's encrypted secrets. It is kept in the ledger alone.");
        return true;
    }

    private void sayReadOnly(@CheckForNull UnsupportedOperationException e) {
        if (homes.readOnly().add(store, place())) {
            LOGGER.log(
                    Level.INFO,
                    e,
                    () -> "Credential '" + id + "' is in a store that cannot be written (" + owner.name()
                            + "). Its rotated tokens are kept in the ledger alone, and builds use them from there.");
        }
    }
}
