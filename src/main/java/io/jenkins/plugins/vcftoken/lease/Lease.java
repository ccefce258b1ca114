package io.jenkins.plugins.vcftoken.lease;

import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import java.time.Duration;

/** An access token that is renewed until the lease is closed. Thread-safe. */
public interface Lease extends AutoCloseable {

    /**
     * From memory; does not block and does not fail. Returns an expired access token when all renewals have failed.
     * Starts an overdue renewal in the background, as after a machine was suspended.
     */
    AccessToken accessToken();

    /**
     * If the access token has expired, waits until the running or overdue renewal has ended, whether it works or not.
     * Blocks.
     */
    void awaitLiving(Duration limit) throws InterruptedException;

    /**
     * Renews now, for a server that refuses an access token before its expiry. Blocks. Callers during a request get its
     * access token, as do all callers for {@link RenewalPolicy#REFRESH_PAUSE} after it.
     *
     * @return the new access token; the current one if it is younger than that
     * @throws TokenUnavailableException when the renewal fails, or has failed within that time
     */
    AccessToken refresh() throws TokenUnavailableException, InterruptedException;

    /** Ends the renewal, with the last lease of the credential the session, too. Further calls do nothing. */
    @Override
    void close();
}
