package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Instant;

/** A service like another one, but for something that happens around each call that a person waits for. */
abstract class TokenClientDecorator implements TokenEndpointClient {

    final TokenEndpointClient service;

    TokenClientDecorator(TokenEndpointClient service) {
        this.service = service;
    }

    /** One request. */
    @FunctionalInterface
    interface Call<T> {
        T run() throws TokenRequestException;
    }

    abstract <T> T around(Call<T> call) throws TokenRequestException;

    @Override
    public final Account account() {
        return service.account();
    }

    @Override
    public boolean rotates() {
        return service.rotates();
    }

    @Override
    public final boolean needsSecret() {
        return service.needsSecret();
    }

    @Override
    public final TokenResponse requestToken(String secret) throws TokenRequestException {
        return around(() -> service.requestToken(secret));
    }

    @Override
    public TokenResponse refreshSession(String secret, String session) throws TokenRequestException {
        return around(() -> service.refreshSession(secret, session));
    }

    /** As it is: nobody waits for it. */
    @Override
    public final void revokeSession(String session) throws TokenRequestException {
        service.revokeSession(session);
    }

    @CheckForNull
    @Override
    public final Instant secretExpiry(String secret) throws TokenRequestException {
        return around(() -> service.secretExpiry(secret));
    }

    @Override
    public final boolean tellsAccessTokensOnly() {
        return service.tellsAccessTokensOnly();
    }

    @CheckForNull
    @Override
    public final Instant secretExpiry(AccessToken accessToken) throws TokenRequestException {
        return around(() -> service.secretExpiry(accessToken));
    }

    @CheckForNull
    @Override
    public final String warning(AccessToken accessToken) {
        return service.warning(accessToken);
    }
}
