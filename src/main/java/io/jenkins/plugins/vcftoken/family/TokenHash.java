package io.jenkins.plugins.vcftoken.family;

import io.jenkins.plugins.vcftoken.exchange.Endpoint;

/** A keyed hash, so that a copy of the ledger without the controller's keys cannot be used to recognize tokens. */
@FunctionalInterface
public interface TokenHash {

    /** @return lower-case hexadecimal digits, fit for a file name */
    String hash(String text);

    /** The same token at another endpoint is another token. */
    default String of(Endpoint endpoint, String token) {
        return hash(endpoint.identity() + '\n' + token);
    }
}
