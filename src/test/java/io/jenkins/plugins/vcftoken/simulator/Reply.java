package io.jenkins.plugins.vcftoken.simulator;

import java.util.Map;

/** An answer before any fault gets at it. */
record Reply(int status, String type, String body, Map<String, String> headers) {

    Reply(int status, String type, String body) {
        this(status, type, body, Map.of());
    }

    static Reply json(int status, String body) {
        return new Reply(status, "application/json", body);
    }

    Reply with(String header, String value) {
        return new Reply(status, type, body, Map.of(header, value));
    }

    boolean isSuccess() {
        return status / 100 == 2;
    }
}
