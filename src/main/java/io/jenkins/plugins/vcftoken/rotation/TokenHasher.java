package io.jenkins.plugins.vcftoken.rotation;

import io.jenkins.plugins.vcftoken.oauth.Account;

/** Keyed hash: without the controller's key, the hashes in a copy of the ledger cannot be compared with a token. */
@FunctionalInterface
public interface TokenHasher {

    /** Hexadecimal digits; enough for thousands of tokens of thousands of families. */
    int BRIEF_LENGTH = 16;

    /** Shortens a hash, for long histories. */
    static String brief(String hash) {
        return hash.length() <= BRIEF_LENGTH ? hash : hash.substring(0, BRIEF_LENGTH);
    }

    /** @return lower-case hexadecimal digits, valid as a file name */
    String hash(String text);

    /** Independent of the account, so that a token that is stored for another account is recognized. */
    default String ofToken(String token) {
        return hash("token\n" + token);
    }

    /** ID of the family that starts with a token of an account. */
    default String ofFamily(Account account, String initialToken) {
        return hash("family\n" + account.identity() + '\n' + initialToken);
    }
}
