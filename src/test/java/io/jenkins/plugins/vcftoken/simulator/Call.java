package io.jenkins.plugins.vcftoken.simulator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.sun.net.httpserver.Headers;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.util.Map;

/**
 * A request that was read whole.
 *
 * @param expired whether an access token given for it is to have expired already
 */
record Call(String method, String path, @CheckForNull String query, Headers headers, String body, boolean expired) {

    private static final ObjectMapper JSON = new ObjectMapper();

    Map<String, String> form() {
        return SimulatorHandler.form(body);
    }

    Map<String, String> parameters() {
        return query == null ? Map.of() : SimulatorHandler.form(query);
    }

    JsonNode json() {
        try {
            JsonNode json = JSON.readTree(body);
            return json == null ? MissingNode.getInstance() : json;
        } catch (JsonProcessingException e) {
            return MissingNode.getInstance();
        }
    }

    String header(String name) {
        String value = headers.getFirst(name);
        return value == null ? "" : value;
    }

    /**
     * The access token in the header; empty when there is none. The case of the scheme does not matter (RFC 9110, section
     * 11.1): the vendor's Go client writes {@code bearer}.
     */
    String accessToken() {
        String authorization = header("Authorization");
        return authorization.regionMatches(true, 0, "Bearer ", 0, 7) ? authorization.substring(7) : "";
    }

    /** Without parameters such as a charset. */
    String contentType() {
        return header("Content-Type").split(";")[0].trim();
    }

    /** What is wrong with the headers and the address of a request with a body of this type; null when nothing is. */
    @CheckForNull
    String untidy(String type) {
        if (query != null) {
            return "a query string: secrets end up in access logs";
        }
        if (!contentType().equals(type)) {
            return "content type " + header("Content-Type");
        }
        if (!header("Accept").startsWith("application/json")) {
            return "no Accept: application/json";
        }
        return null;
    }
}
