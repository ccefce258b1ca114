package io.jenkins.plugins.vcftoken.rotation;

import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.oauth.TokenResponse;

/** Client with a request function. */
record TestClient(Account account, boolean rotates, Request request) implements TokenClient {

    interface Request {
        TokenResponse send(String secret) throws TokenRequestException;
    }

    TestClient(Account account, Request request) {
        this(account, true, request);
    }

    /** Client of tests without requests. */
    static TestClient unused(Account account) {
        return new TestClient(account, secret -> {
            throw new UnsupportedOperationException();
        });
    }

    @Override
    public TokenResponse requestToken(String secret) throws TokenRequestException {
        return request.send(secret);
    }
}
