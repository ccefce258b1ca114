package io.jenkins.plugins.vcftoken.family;

import java.io.IOException;
import java.util.function.Predicate;

/** Puts a rotated token back where the credential is stored. */
@FunctionalInterface
public interface TokenKeeper {

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
}
