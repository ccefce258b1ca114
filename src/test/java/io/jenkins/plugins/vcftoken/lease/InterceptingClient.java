package io.jenkins.plugins.vcftoken.lease;

import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.oauth.TokenResponse;

/** Does something just before a warm access token is handed out. */
record InterceptingClient(TokenEndpointClient service, Step step) implements TokenEndpointClient {
    @Override
    public Account account() {
        return service.account();
    }

    @Override
    public boolean rotates() {
        return false;
    }

    @Override
    public TokenResponse requestToken(String secret) throws TokenRequestException {
        return service.requestToken(secret);
    }

    @Override
    public void revokeSession(String session) throws TokenRequestException {
        service.revokeSession(session);
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
