package io.jenkins.plugins.vcftoken.simulator;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serial;

/** Error of a Kubernetes API, sent as a {@code Status} object. */
final class KubernetesError extends Exception {

    @Serial
    private static final long serialVersionUID = 1;

    private final int code;
    private final String reason;

    /** @param reason machine-readable reason, such as {@code NotFound} */
    KubernetesError(int code, String reason, String message) {
        super(message);
        this.code = code;
        this.reason = reason;
    }

    Reply reply() {
        ObjectNode status = JsonNodeFactory.instance.objectNode();
        status.put("kind", "Status").put("apiVersion", "v1").putObject("metadata");
        status.put("status", "Failure").put("message", getMessage());
        status.put("reason", reason).put("code", code);
        return Reply.json(code, status.toString());
    }
}
