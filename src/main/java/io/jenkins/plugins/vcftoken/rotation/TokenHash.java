package io.jenkins.plugins.vcftoken.rotation;

import io.jenkins.plugins.vcftoken.oauth.Account;

/** A keyed hash, so that a copy of the ledger without the controller's keys cannot be used to recognize tokens. */
@FunctionalInterface
public interface TokenHash {

    /** Digits enough to tell thousands of tokens of thousands of families apart. */
    int BRIEF = 16;

    /** The beginning of a hash, where many have to be kept. */
    static String brief(String hash) {
        return hash.length() <= BRIEF ? hash : hash.substring(0, BRIEF);
    }

    /** @return lower-case hexadecimal digits, fit for a file name */
    String hash(String text);

    /** The same wherever the token is stored, so that one that turns up at another endpoint is recognized there. */
    default String ofToken(String token) {
        return hash("token\n" + token);
    }

    /** The ID of the family that a token founds at an endpoint. */
    default String ofFamily(Account account, String initialToken) {
        return hash("family\n" + account.identity() + '\n' + initialToken);
    }
}
