package io.jenkins.plugins.vcftoken.rotation;

import java.io.IOException;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Brings rotated tokens back to where their credentials are stored, after the access tokens are out. */
final class CredentialWriteBack {

    private static final Logger LOGGER = Logger.getLogger(CredentialWriteBack.class.getName());

    private final TokenLedger ledger;
    private final TokenHash hashes;
    private final Executor thread;
    /** What waits for its turn. */
    private final Set<Errand> pending = ConcurrentHashMap.newKeySet();

    /** Where memory may be ahead of the disk, so that a credential that looks current is saved once more. */
    private final Set<CredentialLocation> failed = ConcurrentHashMap.newKeySet();

    CredentialWriteBack(TokenLedger ledger, TokenHash hashes, Executor thread) {
        this.ledger = ledger;
        this.hashes = hashes;
        this.thread = thread;
    }

    /** Places that did not take a rotated token when it was last brought there; changes as they do. */
    Set<CredentialLocation> failed() {
        return Collections.unmodifiableSet(failed);
    }

    /** A store's owner has another name. */
    void moved(String fromContext, String toContext) {
        for (CredentialLocation location : List.copyOf(failed)) {
            CredentialLocation now = location.moved(fromContext, toContext);
            if (!now.equals(location) && failed.remove(location)) {
                failed.add(now);
            }
        }
    }

    /** Does nothing when the credential has the current token, or when it is on its way already. */
    void enqueue(CredentialHandle handle, String storedHash, String familyId, String currentHash) {
        CredentialLocation location = handle.location();
        Errand errand = new Errand(location, familyId);
        boolean upToDate = currentHash.equals(storedHash) && !failed.contains(location);
        if (upToDate || !pending.add(errand)) {
            return;
        }
        try {
            thread.execute(() -> {
                // Before reading, so that a rotation from now on starts another one.
                pending.remove(errand);
                keep(handle, familyId);
            });
        } catch (RuntimeException e) {
            pending.remove(errand);
            LOGGER.log(Level.FINE, "Shutting down; the ledger has the token and the store gets it next time", e);
        }
    }

    private void keep(CredentialHandle handle, String familyId) {
        boolean again = failed.remove(handle.location());
        try {
            Optional<TokenFamily> record = ledger.load(familyId);
            if (record.isPresent()) {
                TokenHistory tokens = record.get().tokens();
                handle.keeper().keep(token -> isOf(tokens, token), tokens.current(), again);
            }
        } catch (IOException | RuntimeException e) {
            failed.add(handle.location());
            LOGGER.log(
                    Level.WARNING,
                    e,
                    () -> handle.description() + ": the rotated refresh token could not be written back to the "
                            + "credentials store. It is safe in the ledger, builds go on, and the next one tries again");
        }
    }

    private boolean isOf(TokenHistory tokens, String token) {
        return token.equals(tokens.current()) || tokens.isFormer(hashes.ofToken(token));
    }

    /** Of one family to one place; a person may have stored another family there in between. */
    private record Errand(CredentialLocation location, String familyId) {}
}
