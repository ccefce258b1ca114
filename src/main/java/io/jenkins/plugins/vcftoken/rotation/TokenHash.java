package io.jenkins.plugins.vcftoken.rotation;

import io.jenkins.plugins.vcftoken.oauth.Account;

/** A keyed hash: a copy of the ledger without the controller's keys does not tell which token a record belongs to. */
@FunctionalInterface
public interface TokenHash {

    /** Hexadecimal digits: enough to tell thousands of tokens of thousands of families apart. */
    int BRIEF = 16;

    /** The first digits of a hash, for histories of many tokens. */
    static String brief(String hash) {
        return hash.length() <= BRIEF ? hash : hash.substring(0, BRIEF);
    }

    /** @return lower-case hexadecimal digits, fit for a file name */
    String hash(String text);

    /** The same for all accounts, so that a token that is stored for another account is recognized. */
    default String ofToken(String token) {
        return hash("token\n" + token);
    }

    /** The ID of the family that begins with a token of an account. */
    default String ofFamily(Account account, String initialToken) {
        return hash("family\n" + account.identity() + '\n' + initialToken);
    }
}
