package io.jenkins.plugins.vcftoken.rotation;

import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Writes rotated tokens back to credentials stores, on the write-back thread. */
final class CredentialWriteBack {

    private static final Logger LOGGER = Logger.getLogger(CredentialWriteBack.class.getName());

    private final TokenLedger ledger;
    private final TokenHasher hashes;
    private final Executor thread;
    private final SharedTokenCoordinator claims;
    private final Duration timeout;

    /** Write-backs that have not started. */
    private final Set<Target> pending = ConcurrentHashMap.newKeySet();

    /** Locations whose store may be newer in memory than on disk, so that the next write-back saves it in any case. */
    private final Set<CredentialLocation> failed = ConcurrentHashMap.newKeySet();

    /** Includes the family, since a user may store a token of another family at the location before the write-back. */
    private record Target(CredentialLocation location, String familyId) {}

    CredentialWriteBack(
            TokenLedger ledger, TokenHasher hashes, Executor thread, SharedTokenCoordinator claims, Duration timeout) {
        this.ledger = ledger;
        this.hashes = hashes;
        this.thread = thread;
        this.claims = claims;
        this.timeout = timeout;
    }

    /** Locations where the last write-back failed; a live view. */
    Set<CredentialLocation> failed() {
        return Collections.unmodifiableSet(failed);
    }

    /**
     * Records a failed write, which the next use of the credential repeats. A write to a {@link VersionedSecret} is
     * also repeated after the timeout: until it succeeds, the other controllers would send the former token once their
     * access token has expired.
     */
    void addFailed(CredentialHandle handle, String familyId) {
        boolean isNew = failed.add(handle.location());
        if (isNew && handle.writer().versionedSecret() != null) {
            CompletableFuture.delayedExecutor(timeout.toMillis(), TimeUnit.MILLISECONDS, thread)
                    .execute(() -> {
                        if (failed.contains(handle.location())) {
                            write(handle, familyId);
                        }
                    });
        }
    }

    /** After a store context was renamed. */
    void moved(String fromContext, String toContext) {
        for (CredentialLocation location : List.copyOf(failed)) {
            CredentialLocation now = location.moved(fromContext, toContext);
            if (!now.equals(location) && failed.remove(location)) {
                failed.add(now);
            }
        }
    }

    /** Does nothing if the credential stores the current token or a write-back is pending. Does not block. */
    void enqueue(CredentialHandle handle, TokenFamily known) {
        String familyId = known.id();
        CredentialLocation location = handle.location();
        Target target = new Target(location, familyId);
        boolean upToDate = known.tokens().current().equals(handle.token()) && !failed.contains(location);
        if (upToDate || !pending.add(target)) {
            return;
        }
        try {
            thread.execute(() -> {
                // Before the family is loaded, so that a later rotation enqueues another write-back.
                pending.remove(target);
                write(handle, familyId);
            });
        } catch (RuntimeException e) {
            pending.remove(target);
            LOGGER.log(Level.FINE, "Shutting down; the ledger has the token, and its next use writes it back", e);
        }
    }

    private void write(CredentialHandle handle, String familyId) {
        boolean force = failed.remove(handle.location());
        try {
            if (handle.writer().versionedSecret() != null) {
                writeVersioned(handle, familyId);
                return;
            }
            Optional<TokenFamily> family = ledger.load(familyId);
            if (family.isPresent()) {
                RefreshTokenHistory tokens = family.get().tokens();
                handle.writer().writeBack(token -> isOf(tokens, token), tokens.current(), force);
            }
        } catch (VersionedSecret.ReadOnlyException e) {
            LOGGER.log(Level.FINE, e, () -> handle.description() + ": its rotated tokens are kept in the ledger alone");
        } catch (InterruptedException e) {
            addFailed(handle, familyId);
            Thread.currentThread().interrupt();
        } catch (IOException | RuntimeException e) {
            addFailed(handle, familyId);
            LOGGER.log(
                    Level.WARNING,
                    e,
                    () -> handle.description() + ": the rotated refresh token could not be written back to the "
                            + "credentials store. It is safe in the ledger, builds go on, and the next one tries again");
        }
    }

    /** Takes the family's lock, so that no request writes to the same store concurrently. */
    private void writeVersioned(CredentialHandle handle, String familyId) throws IOException, InterruptedException {
        try (TokenLedger.Lock lock = ledger.lock(familyId, timeout)) {
            Optional<TokenFamily> family = ledger.load(familyId);
            if (family.isPresent()) {
                TokenFamily written = claims.writeBack(handle, family.get());
                if (!written.equals(family.get())) {
                    ledger.save(written);
                }
            }
        }
    }

    private boolean isOf(RefreshTokenHistory tokens, String token) {
        return token.equals(tokens.current()) || tokens.isFormer(hashes.ofToken(token));
    }
}
