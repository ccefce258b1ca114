package io.jenkins.plugins.vcftoken.lease;

import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import java.time.Duration;

/** What an open block holds: an access token that stays fresh until the lease is closed. */
public interface Lease extends AutoCloseable {

    /**
     * From memory, never blocking and never failing; an old one when every renewal has failed. One whose renewal is overdue,
     * such as after a machine was suspended, is renewed from then on, in the background.
     */
    AccessToken accessToken();

    /**
     * Where the access token has expired, waits until the renewal that runs, or has been overdue, is over, whether it works
     * or not. Does nothing otherwise.
     */
    void awaitLiving(Duration limit) throws InterruptedException;

    /**
     * Renews now, for a server that refuses an access token before its time. Blocks. Whoever asks while an exchange is in
     * flight gets that one's access token, and so does everybody for {@link RenewalPolicy#REFRESH_PAUSE} after it.
     *
     * @return the access token from now on; the one at hand where it is that new
     * @throws TokenUnavailableException when the renewal fails, or failed a moment ago
     */
    AccessToken refresh() throws TokenUnavailableException, InterruptedException;

    /** Lets go of the access token. Further calls do nothing. */
    @Override
    void close();
}
