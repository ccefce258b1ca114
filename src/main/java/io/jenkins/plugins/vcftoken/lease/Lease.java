package io.jenkins.plugins.vcftoken.lease;

import io.jenkins.plugins.vcftoken.exchange.Bearer;

/** What an open block holds: a bearer that stays fresh until the lease is closed. */
public interface Lease extends AutoCloseable {

    /** From memory, never blocking and never failing; an old one when every renewal has failed. */
    Bearer bearer();

    /** Lets go of the bearer. Further calls do nothing. */
    @Override
    void close();
}
