package io.jenkins.plugins.vcftoken.rotation;

import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import java.time.Duration;

/** Steps of {@link TokenManager} that differ between requests of an access token and of a new API token. */
interface TokenRequestSteps {

    /** Whether the response always contains another token, even if token requests do not rotate it. */
    boolean alwaysRotates();

    /** @param family as loaded under its lock */
    boolean isUnnecessary(TokenFamily family);

    /** The state to save before the request is sent. */
    TokenFamily requesting(TokenFamily family);

    /**
     * Sends the request once. Blocks.
     *
     * @return the family with the content of the response
     */
    TokenFamily send(TokenFamily requesting) throws TokenRequestException;

    /**
     * The state after a request without a usable response.
     *
     * @param before the family before the request
     */
    TokenFamily afterFailure(TokenFamily before, TokenFamily requesting, TokenRequestException e);

    /** Notifies the listener after the response was saved. */
    void granted(TokenFamily before, TokenFamily after, Duration took);
}
