package io.jenkins.plugins.vcftoken.simulator;

import java.util.Map;

/** HTTP response, before a {@link Fault} is applied. */
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
