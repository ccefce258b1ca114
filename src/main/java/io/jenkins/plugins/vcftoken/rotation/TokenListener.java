package io.jenkins.plugins.vcftoken.rotation;

import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import java.time.Duration;

/**
 * Receives events of token families and leases, for audit and metrics. Called on the thread of the event, for requests
 * under the family's lock: must be fast, must not request an access token, and must not throw.
 */
public interface TokenListener {

    /** Does nothing. */
    TokenListener NONE = new TokenListener() {};

    /**
     * A server issued an access token, and the ledger has it.
     *
     * @param before the family when the request was made
     * @param took from the begin of the request until the response was saved
     */
    default void granted(CredentialHandle handle, TokenFamily before, TokenFamily after, Duration took) {}

    /**
     * A server issued another secret in place of the stored one before that expired, and the ledger has it.
     *
     * @param after its history has the time of the expiry
     * @param took from the begin of the request until the response was saved
     */
    default void regenerated(CredentialHandle handle, TokenFamily before, TokenFamily after, Duration took) {}

    /**
     * A request brought no access token or no other secret, or Jenkins had stopped during one.
     *
     * @param after the family with its new state
     */
    default void failed(CredentialHandle handle, TokenFamily after, TokenRequestException cause, Duration took) {}

    /**
     * A lease was opened, or an access token was issued without one.
     *
     * @param waited from the call until the access token was there
     */
    default void leaseOpened(TokenIssuedEvent event, Duration waited) {}

    /** An open lease got a newer access token. */
    default void renewed(TokenIssuedEvent event) {}

    /** A lease was closed. The event has its last access token. */
    default void leaseClosed(TokenIssuedEvent event) {}

    /**
     * An account was authorized in a browser, and the ledger has its refresh token.
     *
     * @param by who requested it, for display
     */
    default void authorized(CredentialLocation location, TokenFamily family, String by) {}

    /** A lease could not be opened, or an access token not be issued without one. */
    default void denied(String owner, CredentialHandle handle, TokenUnavailableException cause) {}
}
