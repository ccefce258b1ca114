package io.jenkins.plugins.vcftoken.simulator;

/** An answer before any fault gets at it. */
record Reply(int status, String type, String body) {

    static Reply json(int status, String body) {
        return new Reply(status, "application/json", body);
    }

    boolean isSuccess() {
        return status / 100 == 2;
    }
}
