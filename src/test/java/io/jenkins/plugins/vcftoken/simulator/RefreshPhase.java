package io.jenkins.plugins.vcftoken.simulator;

/** Phases of a refresh request on the server. */
public enum RefreshPhase {
    /** The request was received; the token is unchanged. */
    RECEIVED,
    /** The token was rotated; the response was not sent yet. */
    COMMITTED,
    /** The response was written to the connection. */
    ANSWERED
}
