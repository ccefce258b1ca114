package io.jenkins.plugins.vcftoken.family;

import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.exchange.Grant;
import io.jenkins.plugins.vcftoken.exchange.TokenService;

/** A service for tests in which nothing is to be exchanged. */
record Unasked(Endpoint endpoint) implements TokenService {

    @Override
    public Grant exchange(String secret) {
        throw new UnsupportedOperationException();
    }
}
