package io.jenkins.plugins.vcftoken.simulator;

/** Points in the life of a refresh grant, as the server sees it. */
public enum RefreshPhase {
    /** The token is here and nothing has been done with it. */
    RECEIVED,
    /** The token has rotated and no client knows the new one yet. */
    COMMITTED,
    /** The last byte of the answer has been handed to the network. */
    ANSWERED
}
