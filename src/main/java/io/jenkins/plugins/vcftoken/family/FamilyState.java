package io.jenkins.plugins.vcftoken.family;

/** What the ledger knows about a family's current token. */
public enum FamilyState {
    /** The current token can be exchanged. */
    OK,
    /** The current token was about to be sent when this was written; found at rest, it means that Jenkins stopped. */
    IN_FLIGHT,
    /** The current token was sent and the answer was lost: it may be spent, and its successor unseen. */
    UNKNOWN,
    /** The server refused the current token for good. */
    DEAD
}
