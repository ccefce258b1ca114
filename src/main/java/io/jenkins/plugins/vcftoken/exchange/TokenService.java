package io.jenkins.plugins.vcftoken.exchange;

/** One remote API that turns a stored secret into a bearer. Implementations are immutable and thread-safe. */
public interface TokenService {

    Endpoint endpoint();

    /**
     * Sends the secret, once: neither this method nor anything below it repeats the request, because a refresh token
     * that arrives twice may cost the whole account. Blocks for at most the client's call timeout.
     *
     * @throws ExchangeException when there is no bearer to hand out; its type says whether the secret may be spent
     */
    Grant exchange(String secret) throws ExchangeException;
}
