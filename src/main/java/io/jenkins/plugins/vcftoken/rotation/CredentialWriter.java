package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.Account;
import java.io.IOException;
import java.util.function.Predicate;

/** Reads and writes the stored secret of a credential. */
@FunctionalInterface
public interface CredentialWriter {

    /**
     * Replaces the stored token if it belongs to the family; a user may have stored a token of another family. Called
     * on a thread that may block, after the ledger has saved the token.
     *
     * @param sameFamily whether a stored token belongs to the family
     * @param current the token that the server accepts now
     * @param force saves the store even if it has the token in memory, since an earlier save failed
     * @throws IOException when the store could not be saved
     */
    void writeBack(Predicate<String> sameFamily, String current, boolean force) throws IOException;

    /**
     * External store of the credential, which other controllers may use as well. Rotated tokens are written there
     * instead of with {@link #writeBack}.
     *
     * @return null for a credential of a store of Jenkins
     */
    @CheckForNull
    default VersionedSecret versionedSecret() {
        return null;
    }

    /**
     * The current location: the folder may have been renamed since the block opened. Fast, from memory.
     *
     * @return null if the location of the {@link CredentialHandle} never changes
     */
    @CheckForNull
    default CredentialLocation location() {
        return null;
    }

    /**
     * The currently stored secret: a user may have entered another one since the block opened. Fast, from memory.
     *
     * @return null when it is unknown, or the credential now belongs to another account
     */
    @CheckForNull
    default String stored(Account account) {
        return null;
    }
}
