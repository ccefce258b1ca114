package io.jenkins.plugins.vcftoken.exchange;

/**
 * A service at an address that a person has just typed: what it answers is not repeated, or a form would read other
 * servers for whoever may fill it in.
 */
public final class WordlessService extends AroundCalls {

    public WordlessService(TokenService service) {
        super(service);
    }

    @Override
    <T> T around(Call<T> call) throws ExchangeException {
        try {
            return call.run();
        } catch (ExchangeException e) {
            throw e.wordless();
        }
    }
}
