package io.jenkins.plugins.vcftoken.family;

import java.io.IOException;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Brings rotated tokens back to where their credentials are stored, after the bearers are out. */
final class WriteBacks {

    private static final Logger LOGGER = Logger.getLogger(WriteBacks.class.getName());

    private final Ledger ledger;
    private final TokenHash hashes;
    private final Executor thread;
    /** What waits for its turn. */
    private final Set<Errand> pending = ConcurrentHashMap.newKeySet();

    /** Where memory may be ahead of the disk, so that a credential that looks current is saved once more. */
    private final Set<Place> failed = ConcurrentHashMap.newKeySet();

    WriteBacks(Ledger ledger, TokenHash hashes, Executor thread) {
        this.ledger = ledger;
        this.hashes = hashes;
        this.thread = thread;
    }

    /** Places that did not take a rotated token when it was last brought there; changes as they do. */
    Set<Place> failed() {
        return Collections.unmodifiableSet(failed);
    }

    /** A store's owner has another name. */
    void moved(String fromContext, String toContext) {
        for (Place place : List.copyOf(failed)) {
            Place now = place.moved(fromContext, toContext);
            if (!now.equals(place) && failed.remove(place)) {
                failed.add(now);
            }
        }
    }

    /** Does nothing when the credential has the current token, or when it is on its way already. */
    void bring(Holder holder, String storedHash, String familyId, String currentHash) {
        Place place = holder.place();
        Errand errand = new Errand(place, familyId);
        boolean upToDate = currentHash.equals(storedHash) && !failed.contains(place);
        if (upToDate || !pending.add(errand)) {
            return;
        }
        try {
            thread.execute(() -> {
                // Before reading, so that a rotation from now on starts another one.
                pending.remove(errand);
                keep(holder, familyId);
            });
        } catch (RuntimeException e) {
            pending.remove(errand);
            LOGGER.log(Level.FINE, "Shutting down; the ledger has the token and the store gets it next time", e);
        }
    }

    private void keep(Holder holder, String familyId) {
        boolean again = failed.remove(holder.place());
        try {
            Optional<FamilyRecord> record = ledger.load(familyId);
            if (record.isPresent()) {
                Lineage tokens = record.get().tokens();
                holder.keeper().keep(token -> isOf(tokens, token), tokens.current(), again);
            }
        } catch (IOException | RuntimeException e) {
            failed.add(holder.place());
            LOGGER.log(
                    Level.WARNING,
                    e,
                    () -> holder.description() + ": the rotated refresh token could not be written back to the "
                            + "credentials store. It is safe in the ledger, builds go on, and the next one tries again");
        }
    }

    private boolean isOf(Lineage tokens, String token) {
        return token.equals(tokens.current()) || tokens.isFormer(hashes.ofToken(token));
    }

    /** Of one family to one place; a person may have stored another family there in between. */
    private record Errand(Place place, String familyId) {}
}
