package io.jenkins.plugins.vcftoken.store;

import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import java.util.Set;

/** What the ledger knows of tokens, as far as it takes to tell one credential from its namesake. May read the disk. */
public interface FamilyLookup {

    /** Whether two tokens are or were of one account's family; no, while the ledger cannot be read. */
    boolean areRelated(Account account, String one, String other);

    /**
     * The credentials of the one family that once had a token and has replaced it since.
     *
     * @return empty when there is no such family, or several, or while the ledger cannot be read
     */
    Set<CredentialLocation> placesOfSpent(Account account, String token);

    /**
     * A credential was moved, and its family with it. May wait for an exchange in flight, so not to be called with a
     * store's lock held.
     *
     * @param token any that the family has or had
     */
    void follow(Account account, String token, CredentialLocation from, CredentialLocation to);
}
