package io.jenkins.plugins.vcftoken.store;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.CredentialWriter;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;

/** The credentials store that owns a credential, and the way of a rotated token back into it. */
public final class StoreCredentialWriter implements CredentialWriter {

    private static final Logger LOGGER = Logger.getLogger(StoreCredentialWriter.class.getName());

    private final StoreEntry entry;
    private final CredentialLocator locator;
    private final AtomicBoolean missed = new AtomicBoolean();

    /** Where the credential was moved to, as far as is known. */
    @CheckForNull
    private volatile StoreCredentialWriter next;

    /** @param locator where those live that need not be looked for; this one adds what it puts into its store */
    StoreCredentialWriter(StoreEntry entry, CredentialLocator locator) {
        this.entry = entry;
        this.locator = locator;
    }

    StoreEntry entry() {
        return entry;
    }

    @Override
    public CredentialLocation location() {
        return entry.location();
    }

    boolean isPersonal() {
        return StoreContext.isUser(entry.owner().name());
    }

    /** Where what has replaced a credential that lived here is now. */
    Optional<StoreCredentialWriter> ofSuccessor(VcfCredentials credential) {
        VcfCredentials now = entry.resident();
        if (now != null) {
            return CredentialLocator.isSameAccount(now, credential) ? Optional.of(this) : Optional.empty();
        }
        return moved().flatMap(home -> home.ofSuccessor(credential));
    }

    /** For a credential that is not here any more. */
    private Optional<StoreCredentialWriter> moved() {
        StoreCredentialWriter known = next;
        return known != null ? Optional.of(known) : locator.movedFrom(this);
    }

    void movedTo(StoreCredentialWriter there) {
        next = there;
    }

    /**
     * What is stored here now.
     *
     * @return null when nothing is, or nothing for this endpoint
     */
    @CheckForNull
    public VcfCredentials credential(Account account) {
        VcfCredentials stored = entry.resident();
        return stored != null && CredentialLocator.isFor(stored, account) ? stored : null;
    }

    @Override
    public String stored(Account account) {
        VcfCredentials stored = credential(account);
        return stored == null ? null : stored.storedSecret().getPlainText();
    }

    @Override
    public void keep(Predicate<String> sameFamily, String current, boolean again) throws IOException {
        if (!locator.readOnly().isTried(entry.kind(), entry.location())) {
            return;
        }
        StoreEntry.Outcome outcome = entry.replace(stored -> isWanted(stored, sameFamily, current, again)
                ? remembered(stored.withStoredSecret(Secret.fromString(current)))
                : null);
        switch (outcome) {
            case EMPTY -> keepElsewhere(sameFamily, current, again);
            case READ_ONLY -> sayReadOnly();
            case REPLACED -> locator.readOnly().changed(entry.kind(), entry.location());
            case UNWANTED -> {}
        }
    }

    private boolean isWanted(VcfCredentials stored, Predicate<String> sameFamily, String current, boolean again) {
        String token = stored.storedSecret().getPlainText();
        boolean wanted = token.equals(current) ? again : sameFamily.test(token);
        return wanted && !looksLikeCiphertext(current);
    }

    private void keepElsewhere(Predicate<String> sameFamily, String current, boolean again) throws IOException {
        Optional<StoreCredentialWriter> there = moved();
        if (there.isPresent()) {
            there.get().keep(sameFamily, current, again);
        } else if (missed.compareAndSet(false, true)) {
            LOGGER.log(
                    Level.INFO,
                    () -> "Credential '" + entry.id() + "' is not stored any more where it was ("
                            + entry.owner().name()
                            + "). The tokens that its open blocks rotate are kept in the ledger alone, for 30 days.");
        }
    }

    /** Before the store has it, or who asks in between would look for it everywhere. */
    private VcfCredentials remembered(VcfCredentials changed) {
        locator.remember(changed, this);
        return changed;
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
    public Placed store(Account account, String secret, String clientId) throws IOException {
        boolean ledgerAlone = looksLikeCiphertext(secret);
        StoreEntry.Outcome outcome = entry.replace(stored -> CredentialLocator.isFor(stored, account) && !ledgerAlone
                ? remembered(stored.withAuthorized(Secret.fromString(secret), clientId))
                : null);
        return switch (outcome) {
            case REPLACED -> {
                locator.readOnly().changed(entry.kind(), entry.location());
                yield Placed.STORED;
            }
            case UNWANTED -> ledgerAlone ? Placed.READ_ONLY : Placed.FOR_ANOTHER_SERVER;
            case READ_ONLY -> Placed.READ_ONLY;
            case EMPTY -> {
                Optional<StoreCredentialWriter> there = moved();
                yield there.isPresent() ? there.get().store(account, secret, clientId) : Placed.GONE;
            }
        };
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
                () -> "Credential '" + entry.id() + "': its server handed out a refresh token in the shape of this "
                        + "controller's encrypted secrets. It is kept in the ledger alone.");
        return true;
    }

    private void sayReadOnly() {
        if (locator.readOnly().refused(entry.kind(), entry.location())) {
            LOGGER.log(
                    Level.INFO,
                    () -> "Credential '" + entry.id() + "' is in a store that cannot be written ("
                            + entry.owner().name()
                            + "). Its rotated tokens are kept in the ledger alone, and builds use them from there. The store "
                            + "is tried again every ten minutes of use.");
        }
    }
}
