package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.Account;
import java.io.IOException;
import java.util.function.Predicate;

/** Writes a rotated token into the store of a credential, and reads what that store has now. */
@FunctionalInterface
public interface CredentialWriter {

    /**
     * Replaces the stored token, unless a person has stored a token of another family in the meantime, which stays.
     * Called after the ledger has the token, on a thread that may block.
     *
     * @param sameFamily whether a stored token belongs to the family
     * @param current the token that the server accepts now
     * @param again whether an earlier save failed, so that a store that has the token in memory is saved, too
     * @throws IOException when the store could not be saved; the ledger still has the token
     */
    void writeBack(Predicate<String> sameFamily, String current, boolean again) throws IOException;

    /**
     * The store outside of the Jenkins home that the credential comes from, and that other controllers may use as well.
     * Rotated tokens are then written there, and not with {@link #writeBack}.
     *
     * @return null when there is none
     */
    @CheckForNull
    default VersionedSecret versionedSecret() {
        return null;
    }

    /**
     * The location under its current name: the folder may have been renamed since the block opened. Fast, from memory.
     *
     * @return null when the location that the {@link CredentialHandle} was created with never changes
     */
    @CheckForNull
    default CredentialLocation location() {
        return null;
    }

    /**
     * The secret that is stored now: a person may have entered another one since the block opened. Fast, from memory.
     *
     * @return null when it is unknown, or the credential is of another account by now
     */
    @CheckForNull
    default String stored(Account account) {
        return null;
    }
}
