package io.jenkins.plugins.vcftoken.exchange;

import java.time.Instant;

/**
 * A service at an address that a person has just typed: what it answers is not repeated, or a form would read other
 * servers for whoever may fill it in.
 */
public final class WordlessService implements TokenService {

    private final TokenService service;

    public WordlessService(TokenService service) {
        this.service = service;
    }

    private interface Call<T> {
        T run() throws ExchangeException;
    }

    private static <T> T wordless(Call<T> call) throws ExchangeException {
        try {
            return call.run();
        } catch (ExchangeException e) {
            throw e.wordless();
        }
    }

    @Override
    public Endpoint endpoint() {
        return service.endpoint();
    }

    @Override
    public boolean rotates() {
        return service.rotates();
    }

    @Override
    public boolean needsSecret() {
        return service.needsSecret();
    }

    @Override
    public Grant exchange(String secret) throws ExchangeException {
        return wordless(() -> service.exchange(secret));
    }

    @Override
    public Grant renew(String secret, String session) throws ExchangeException {
        return wordless(() -> service.renew(secret, session));
    }

    @Override
    public void release(String session) throws ExchangeException {
        service.release(session);
    }

    @Override
    public Instant secretExpiry(String secret) throws ExchangeException {
        return wordless(() -> service.secretExpiry(secret));
    }

    @Override
    public String doubt(Bearer bearer) {
        return service.doubt(bearer);
    }
}
