package io.jenkins.plugins.vcftoken.store;

/** The result of an attempt to write a credential into its store. */
public enum WriteResult {
    STORED,
    /** The stored credential stays as it is, for example because it is for another server by now. */
    UNCHANGED,
    /** The credential is no longer stored. */
    GONE,
    /** The store accepts no changes. The token is kept in the ledger alone. */
    READ_ONLY
}
