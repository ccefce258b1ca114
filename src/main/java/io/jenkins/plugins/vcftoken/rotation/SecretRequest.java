package io.jenkins.plugins.vcftoken.rotation;

import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import java.time.Duration;

/** A request that sends a family's current token, as {@link TokenManager} sends it in seven steps. */
interface SecretRequest {

    /** Whether the response has another token in place of the one that is sent, also where token requests leave it. */
    boolean alwaysRotates();

    /** Whether the family, as it was loaded under its lock, makes the request unnecessary. */
    boolean isDone(TokenFamily family);

    /** The family as it is saved before the request is sent. */
    TokenFamily requesting(TokenFamily family);

    /**
     * Sends the request, once. Blocks.
     *
     * @return the family with what the response has
     */
    TokenFamily send(TokenFamily requesting) throws TokenRequestException;

    /**
     * The family after a request without a usable response.
     *
     * @param before the family when the request was made
     */
    TokenFamily afterFailure(TokenFamily before, TokenFamily requesting, TokenRequestException e);

    /** Tells the listener of a response that is saved. */
    void granted(TokenFamily before, TokenFamily after, Duration took);
}
