package io.jenkins.plugins.vcftoken.oauth;

/**
 * A service at an address that a person has just typed: what it answers is not repeated, or a form would read other
 * servers for whoever may fill it in.
 */
public final class ServerTextFilter extends TokenClientDecorator {

    public ServerTextFilter(TokenEndpointClient service) {
        super(service);
    }

    @Override
    <T> T around(Call<T> call) throws TokenRequestException {
        try {
            return call.run();
        } catch (TokenRequestException e) {
            throw e.withoutServerText();
        }
    }
}
