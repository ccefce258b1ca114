package io.jenkins.plugins.vcftoken.rotation;

import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import java.time.Duration;

/**
 * Hears what becomes of tokens, for those who record or count it. Called on the thread on which it happens, and about
 * exchanges under the family's lock: must be quick, must not ask for an access token, and must not throw.
 */
public interface TokenListener {

    /** Where nobody listens. */
    TokenListener NONE = new TokenListener() {};

    /**
     * A server gave an access token, and it is on disk.
     *
     * @param before the record that the request was made from
     * @param took from right before the request until the answer was stored
     */
    default void granted(CredentialHandle handle, TokenFamily before, TokenFamily after, Duration took) {}

    /**
     * A request brought no access token, or it was found that Jenkins stopped before the answer came.
     *
     * @param after what has become of the family
     */
    default void failed(CredentialHandle handle, TokenFamily after, TokenRequestException why, Duration took) {}

    /**
     * Somebody got an access token, from memory or from a server.
     *
     * @param waited from asking to having it
     */
    default void leaseOpened(TokenIssuedEvent handout, Duration waited) {}

    /** Somebody who has an access token got a newer one. */
    default void renewed(TokenIssuedEvent handout) {}

    /** Somebody let go of an access token: the last one this tenant had. Not called for access tokens given for once. */
    default void leaseClosed(TokenIssuedEvent handout) {}

    /**
     * An account was authorized anew in a browser, and its refresh token is on disk.
     *
     * @param by who asked for it, for people
     */
    default void authorized(CredentialLocation location, TokenFamily record, String by) {}

    /** Somebody who had none got none. */
    default void denied(String owner, CredentialHandle handle, TokenUnavailableException why) {}
}
