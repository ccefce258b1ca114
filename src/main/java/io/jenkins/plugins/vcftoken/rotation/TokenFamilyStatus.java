package io.jenkins.plugins.vcftoken.rotation;

/** The state of a family's current token. */
public enum TokenFamilyStatus {
    /** The token can be sent. */
    READY,
    /** The token is about to be sent, or was when Jenkins stopped. */
    REQUESTING,
    /** The token was sent and the response was lost: the server may have rotated it. */
    UNKNOWN,
    /** The server refused the token for good. */
    REJECTED
}
