package io.jenkins.plugins.vcftoken.exchange;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Instant;

/** A service like another one, but for something that happens around each call that a person waits for. */
abstract class AroundCalls implements TokenService {

    final TokenService service;

    AroundCalls(TokenService service) {
        this.service = service;
    }

    /** One request. */
    @FunctionalInterface
    interface Call<T> {
        T run() throws ExchangeException;
    }

    abstract <T> T around(Call<T> call) throws ExchangeException;

    @Override
    public final Endpoint endpoint() {
        return service.endpoint();
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
    public final Grant exchange(String secret) throws ExchangeException {
        return around(() -> service.exchange(secret));
    }

    @Override
    public Grant renew(String secret, String session) throws ExchangeException {
        return around(() -> service.renew(secret, session));
    }

    /** As it is: nobody waits for it. */
    @Override
    public final void release(String session) throws ExchangeException {
        service.release(session);
    }

    @CheckForNull
    @Override
    public final Instant secretExpiry(String secret) throws ExchangeException {
        return around(() -> service.secretExpiry(secret));
    }

    @Override
    public final boolean tellsBearersOnly() {
        return service.tellsBearersOnly();
    }

    @CheckForNull
    @Override
    public final Instant secretExpiry(Bearer bearer) throws ExchangeException {
        return around(() -> service.secretExpiry(bearer));
    }

    @CheckForNull
    @Override
    public final String doubt(Bearer bearer) {
        return service.doubt(bearer);
    }
}
