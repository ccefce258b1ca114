package io.jenkins.plugins.vcftoken.rotation;

import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import io.jenkins.plugins.vcftoken.oauth.TokenResponse;

/** A service for tests in which nothing is to be exchanged. */
record UnusedClient(Account account) implements TokenEndpointClient {

    @Override
    public TokenResponse requestToken(String secret) {
        throw new UnsupportedOperationException();
    }
}
