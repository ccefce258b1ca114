package io.jenkins.plugins.vcftoken.rotation;

import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import java.time.Duration;

/**
 * Receives events of token families and leases, for audit log and metrics. Called on the thread of the event, for
 * requests under the family's lock: must be fast, must not request an access token, and must not throw.
 */
public interface TokenEventListener {

    TokenEventListener NONE = new TokenEventListener() {};

    /**
     * A server issued an access token, and the ledger has saved it.
     *
     * @param before the family before the request
     * @param took time from the start of the request until the response was saved
     */
    default void granted(CredentialHandle handle, TokenFamily before, TokenFamily after, Duration took) {}

    /**
     * A server replaced the stored secret before it expired, and the ledger has saved the new one.
     *
     * @param after its history has the new expiry
     * @param took time from the start of the request until the response was saved
     */
    default void regenerated(CredentialHandle handle, TokenFamily before, TokenFamily after, Duration took) {}

    /**
     * A request failed, or Jenkins had stopped during a request.
     *
     * @param after the family with its new state
     */
    default void failed(CredentialHandle handle, TokenFamily after, TokenRequestException cause, Duration took) {}

    /**
     * A lease was opened, or an access token was issued without one.
     *
     * @param waited time from the call until the access token was available
     */
    default void leaseOpened(TokenIssuedEvent event, Duration waited) {}

    /** An open lease received a newer access token. */
    default void renewed(TokenIssuedEvent event) {}

    /** A lease was closed. The event has its last access token. */
    default void leaseClosed(TokenIssuedEvent event) {}

    /**
     * An account was authorized in a browser, and the ledger has saved its refresh token.
     *
     * @param by the user, for display
     */
    default void authorized(CredentialLocation location, TokenFamily family, String by) {}

    /** A lease could not be opened, or no access token could be issued without one. */
    default void denied(String owner, CredentialHandle handle, TokenUnavailableException cause) {}
}
