package io.jenkins.plugins.vcftoken.lease;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.TokenIssuedEvent;
import io.jenkins.plugins.vcftoken.rotation.TokenResult;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import java.time.Duration;
import java.util.logging.Level;
import java.util.logging.Logger;

/** An access token that is renewed until the lease is closed. Thread-safe. */
public final class Lease implements AutoCloseable {

    private static final Logger LOGGER = Logger.getLogger(Lease.class.getName());

    private final AutoRenewingToken token;
    private final LeaseOwnerCallback owner;

    /** The reason of the last renewal failure; null if the last renewal succeeded. */
    @CheckForNull
    private volatile String failure;

    Lease(AutoRenewingToken token, LeaseOwnerCallback owner) {
        this.token = token;
        this.owner = owner;
    }

    public String owner() {
        return owner.displayName();
    }

    /** The current location of its credential. */
    public CredentialLocation location() {
        return token.location();
    }

    void beforePublish(AccessToken accessToken) {
        owner.beforePublish(accessToken);
    }

    TokenIssuedEvent issued(CredentialHandle credential, TokenResult result) {
        return new TokenIssuedEvent(owner.displayName(), credential, result.account(), result.accessToken(), true);
    }

    void publish(TokenResult fresh, AccessToken old) {
        token.publish(fresh, old);
    }

    void notifyOwner(AccessToken renewed) {
        try {
            owner.renewed(renewed);
        } catch (RuntimeException e) {
            LOGGER.log(Level.WARNING, e, () -> owner.displayName() + " could not be notified of a renewal");
        }
    }

    void clearFailure() {
        failure = null;
    }

    /** Repeated failures with the same reason are shortened, since a server may be down for hours. */
    void warn(String status, String reason) {
        boolean isSame = reason.equals(failure);
        failure = reason;
        try {
            owner.warn(
                    isSame
                            ? "Renewal failed again, for the same reason. " + status
                            : "Renewal failed. " + status + ' ' + reason);
        } catch (RuntimeException e) {
            LOGGER.log(Level.WARNING, e, () -> owner.displayName() + " could not be notified of a failed renewal");
        }
    }

    /**
     * Returns the current access token from memory; it may be expired if all renewals have failed. Does not block or
     * throw. Starts an overdue renewal in the background, for example after the machine was suspended.
     */
    public AccessToken accessToken() {
        token.renewIfOverdue();
        return token.accessToken();
    }

    /** If the access token has expired, blocks until the running or overdue renewal has completed or failed. */
    public void awaitValid(Duration limit) throws InterruptedException {
        token.awaitValid(limit);
    }

    /**
     * Renews now, for servers that reject an access token before its expiry. Blocks. Concurrent callers share one
     * request; calls within {@link RenewalPolicy#REFRESH_PAUSE} after it return its access token.
     *
     * @return the new access token, or the current one if it is younger than that
     * @throws TokenUnavailableException if the renewal fails, or has failed within that time
     */
    public AccessToken refresh() throws TokenUnavailableException, InterruptedException {
        return token.refresh();
    }

    /** Ends the lease; the last lease of a credential ends the renewals and the session at the server. Idempotent. */
    @Override
    public void close() {
        token.close(this);
    }
}
