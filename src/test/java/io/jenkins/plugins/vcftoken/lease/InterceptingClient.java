package io.jenkins.plugins.vcftoken.lease;

import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.oauth.TokenResponse;

/** Client that runs a step just before an access token is returned, by means of {@link #warning}. */
record InterceptingClient(TokenClient delegate, Step step) implements TokenClient {
    @Override
    public Account account() {
        return delegate.account();
    }

    @Override
    public boolean rotates() {
        return false;
    }

    @Override
    public TokenResponse requestToken(String secret) throws TokenRequestException {
        return delegate.requestToken(secret);
    }

    @Override
    public void revokeSession(String session) throws TokenRequestException {
        delegate.revokeSession(session);
    }

    @Override
    public String warning(AccessToken accessToken) {
        try {
            step.run();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        return null;
    }

    interface Step {
        void run() throws Exception;
    }
}
