package io.jenkins.plugins.vcftoken.lease;

import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import java.time.Duration;

/** What an open block holds: a bearer that stays fresh until the lease is closed. */
public interface Lease extends AutoCloseable {

    /**
     * From memory, never blocking and never failing; an old one when every renewal has failed. One whose renewal is overdue,
     * such as after a machine was suspended, is renewed from then on, in the background.
     */
    Bearer bearer();

    /**
     * Where the access token has expired, waits until the renewal that runs, or has been overdue, is over, whether it works
     * or not. Does nothing otherwise.
     */
    void awaitLiving(Duration limit) throws InterruptedException;

    /**
     * Renews now, for a server that refuses a bearer before its time. Blocks. Whoever asks while an exchange is in
     * flight gets that one's bearer, and so does everybody for {@link Renewal#REFRESH_PAUSE} after it.
     *
     * @return the bearer from now on; the one at hand where it is that new
     * @throws FamilyException when the renewal fails, or failed a moment ago
     */
    Bearer refresh() throws FamilyException, InterruptedException;

    /** Lets go of the bearer. Further calls do nothing. */
    @Override
    void close();
}
