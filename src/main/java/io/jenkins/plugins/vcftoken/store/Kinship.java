package io.jenkins.plugins.vcftoken.store;

import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.family.Place;
import java.util.Set;

/** What the ledger knows of tokens, as far as it takes to tell one credential from its namesake. May read the disk. */
public interface Kinship {

    /** Whether two tokens are or were of one account's family; no, while the ledger cannot be read. */
    boolean areRelated(Endpoint endpoint, String one, String other);

    /**
     * The credentials of the one family that once had a token and has replaced it since.
     *
     * @return empty when there is no such family, or several, or while the ledger cannot be read
     */
    Set<Place> placesOfSpent(Endpoint endpoint, String token);

    /**
     * A credential was moved, and its family with it. May wait for an exchange in flight, so not to be called with a
     * store's lock held.
     *
     * @param token any that the family has or had
     */
    void follow(Endpoint endpoint, String token, Place from, Place to);
}
