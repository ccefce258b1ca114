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

    private final RenewedToken token;
    private final LeaseOwner owner;

    /** Why the last renewal failed, as the owner was warned; null when it worked. */
    @CheckForNull
    private volatile String failure;

    Lease(RenewedToken token, LeaseOwner owner) {
        this.token = token;
        this.owner = owner;
    }

    /** {@link LeaseOwner#who}. */
    public String owner() {
        return owner.who();
    }

    /** Where its credential is stored now. */
    public CredentialLocation location() {
        return token.location();
    }

    void beforePublish(AccessToken accessToken) {
        owner.beforePublish(accessToken);
    }

    TokenIssuedEvent issued(CredentialHandle credential, TokenResult result) {
        return new TokenIssuedEvent(owner.who(), credential, result.account(), result.accessToken(), true);
    }

    void publish(TokenResult fresh, AccessToken old) {
        token.publish(fresh, old);
    }

    void notifyOwner(AccessToken renewed) {
        try {
            owner.renewed(renewed);
        } catch (RuntimeException e) {
            LOGGER.log(Level.WARNING, e, () -> owner.who() + " could not be told of a renewal");
        }
    }

    void clearFailure() {
        failure = null;
    }

    /** Gives the same reason in full only once: it may be long, and a server may be down for hours. */
    void warn(String left, String reason) {
        boolean isSame = reason.equals(failure);
        failure = reason;
        try {
            owner.warn(
                    isSame
                            ? "Renewal failed again, for the same reason. " + left
                            : "Renewal failed. " + left + ' ' + reason);
        } catch (RuntimeException e) {
            LOGGER.log(Level.WARNING, e, () -> owner.who() + " could not be warned");
        }
    }

    /**
     * From memory; does not block and does not fail. Returns an expired access token when all renewals have failed.
     * Starts an overdue renewal in the background, as after a machine was suspended.
     */
    public AccessToken accessToken() {
        token.renewIfOverdue();
        return token.accessToken();
    }

    /**
     * If the access token has expired, waits until the running or overdue renewal has ended, whether it works or not.
     * Blocks.
     */
    public void awaitLiving(Duration limit) throws InterruptedException {
        token.awaitLiving(limit);
    }

    /**
     * Renews now, for a server that refuses an access token before its expiry. Blocks. Callers during a request get its
     * access token, as do all callers for {@link RenewalPolicy#REFRESH_PAUSE} after it.
     *
     * @return the new access token; the current one if it is younger than that
     * @throws TokenUnavailableException when the renewal fails, or has failed within that time
     */
    public AccessToken refresh() throws TokenUnavailableException, InterruptedException {
        return token.refresh();
    }

    /** Ends the renewal, with the last lease of the credential the session, too. Further calls do nothing. */
    @Override
    public void close() {
        token.close(this);
    }
}
