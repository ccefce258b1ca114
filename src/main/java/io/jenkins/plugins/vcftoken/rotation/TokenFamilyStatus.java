package io.jenkins.plugins.vcftoken.rotation;

/** What the ledger knows about a family's current token. */
public enum TokenFamilyStatus {
    /** The current token can be exchanged. */
    READY,
    /** The current token was about to be sent when this was written; found at rest, it means that Jenkins stopped. */
    REQUESTING,
    /** The current token was sent and the answer was lost: it may be spent, and its successor unseen. */
    UNKNOWN,
    /** The server refused the current token for good. */
    REJECTED
}
