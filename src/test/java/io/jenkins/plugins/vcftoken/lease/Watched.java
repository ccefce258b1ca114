package io.jenkins.plugins.vcftoken.lease;

import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.exchange.ExchangeException;
import io.jenkins.plugins.vcftoken.exchange.Grant;
import io.jenkins.plugins.vcftoken.exchange.TokenService;

/** Does something just before a warm bearer is handed out. */
record Watched(TokenService service, Step step) implements TokenService {
    @Override
    public Endpoint endpoint() {
        return service.endpoint();
    }

    @Override
    public boolean rotates() {
        return false;
    }

    @Override
    public Grant exchange(String secret) throws ExchangeException {
        return service.exchange(secret);
    }

    @Override
    public void release(String session) throws ExchangeException {
        service.release(session);
    }

    @Override
    public String doubt(Bearer bearer) {
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
