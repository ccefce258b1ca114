package io.jenkins.plugins.vcftoken.store;

/** The result of writing a credential into its store. */
public enum WriteResult {
    STORED,
    /** The stored credential was kept, for example because it is for another server now. */
    UNCHANGED,
    /** The credential is no longer stored. */
    GONE,
    /** The store accepts no changes; only the ledger has the token. */
    READ_ONLY
}
