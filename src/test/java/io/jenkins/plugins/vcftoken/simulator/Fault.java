package io.jenkins.plugins.vcftoken.simulator;

/** Failure of a token request, caused by the server or the network. */
public enum Fault {
    CLOSE_BEFORE_READING,
    /** The token is rotated; no response is sent. */
    CLOSE_AFTER_COMMIT,
    /** The token is rotated; half of the response is sent. */
    CLOSE_IN_ANSWER,
    /** The token is rotated; the response is sent at one byte per second. */
    TRICKLE,
    /** The token is rotated; the response has no access token. */
    NO_ACCESS_TOKEN,
    /** The token is rotated; the access token in the response has already expired. */
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
    /** The token is rotated; a reverse proxy responds with {@code Retry-After: 2}. */
    STATUS_503_AFTER_COMMIT;

    int status() {
        return name().startsWith("STATUS_") ? Integer.parseInt(name().substring(7, 10)) : 200;
    }

    /** Whether the response guarantees that the secret was not used. */
    boolean isDefiniteRejection() {
        return this == STATUS_307 || this == STATUS_403 || this == STATUS_429;
    }

    /** Whether the fault occurs after the server has processed the request. */
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
