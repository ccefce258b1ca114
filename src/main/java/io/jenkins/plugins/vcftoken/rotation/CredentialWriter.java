package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import java.io.IOException;
import java.util.function.Predicate;

/** Where a credential is stored: puts a rotated token back there, and tells what stands there. */
@FunctionalInterface
public interface CredentialWriter {

    /**
     * Replaces the stored token, unless a person has stored one of another family in the meantime: theirs wins.
     * Called after the ledger has the token, on a thread that may block.
     *
     * @param sameFamily whether a token found in the store belongs to the family
     * @param current the token that the server accepts now
     * @param again whether an earlier save failed, so that even a store that seems to have the token must be saved
     * @throws IOException when the store could not be saved; the ledger still has the token
     */
    void keep(Predicate<String> sameFamily, String current, boolean again) throws IOException;

    /**
     * Where that is, under the name it has now: a folder may have been renamed since the block began. Quick, memory only.
     *
     * @return null when it never gets another one than the {@link CredentialHandle} has
     */
    @CheckForNull
    default CredentialLocation location() {
        return null;
    }

    /**
     * What is stored now: a person may have typed a new token since the block began. Quick, memory only.
     *
     * @return null when that is unknown, or no longer meant for this endpoint
     */
    @CheckForNull
    default String stored(Account account) {
        return null;
    }

    /**
     * How what is stored now is exchanged: a person may have changed the certificates that are trusted, or turned their
     * verification on, since the block began. Quick, memory only.
     *
     * @return null when that is unknown, or no longer meant for this endpoint
     * @throws TokenUnavailableException when it cannot be exchanged as it is now
     */
    @CheckForNull
    default TokenEndpointClient service(Account account) throws TokenUnavailableException {
        return null;
    }
}
