package io.jenkins.plugins.vcftoken.simulator;

/** What a server, or something between it and us, does to one token request. */
public enum Fault {
    CLOSE_BEFORE_READING,
    /** The token is rotated and the answer is never sent. */
    CLOSE_AFTER_COMMIT,
    /** The token is rotated and half of the answer is sent. */
    CLOSE_IN_ANSWER,
    /** The token is rotated and the answer comes one byte a second. */
    TRICKLE,
    /** The token is rotated and the answer has no access token. */
    NO_ACCESS_TOKEN,
    /** The token is rotated and the answer's access token has expired already. */
    EXPIRED_ACCESS_TOKEN,
    HTML,
    EMPTY,
    TRUNCATED,
    HUGE,
    STATUS_307,
    STATUS_403,
    STATUS_408,
    STATUS_429,
    STATUS_500,
    STATUS_502,
    STATUS_503,
    STATUS_503_RETRY_AFTER_0,
    /** The token is rotated, and what stands before the server asks to come back in two seconds. */
    STATUS_503_AFTER_COMMIT;

    int status() {
        return name().startsWith("STATUS_") ? Integer.parseInt(name().substring(7, 10)) : 200;
    }

    /** Whether the answer says for certain that nothing was done with the secret. */
    boolean isDecline() {
        return this == STATUS_307 || this == STATUS_403 || this == STATUS_429;
    }

    /** Whether the server has done its work when the fault strikes. */
    public boolean afterCommit() {
        return switch (this) {
            case CLOSE_AFTER_COMMIT,
                    CLOSE_IN_ANSWER,
                    TRICKLE,
                    NO_ACCESS_TOKEN,
                    EXPIRED_ACCESS_TOKEN,
                    TRUNCATED,
                    STATUS_503_AFTER_COMMIT -> true;
            default -> false;
        };
    }
}
