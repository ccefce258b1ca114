package io.jenkins.plugins.vcftoken.simulator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.sun.net.httpserver.Headers;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * HTTP request.
 *
 * @param expired whether an access token issued for this request has to be expired
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

    /** Sorted names of the fields in a JSON body. */
    Set<String> jsonFields() {
        Set<String> fields = new TreeSet<>();
        json().fieldNames().forEachRemaining(fields::add);
        return fields;
    }

    String header(String name) {
        String value = headers.getFirst(name);
        return value == null ? "" : value;
    }

    /**
     * Access token in the {@code Authorization} header; empty if absent. The scheme is case-insensitive (RFC 9110,
     * section 11.1): the vendor's Go client sends {@code bearer}.
     */
    String accessToken() {
        String authorization = header("Authorization");
        return authorization.regionMatches(true, 0, "Bearer ", 0, 7) ? authorization.substring(7) : "";
    }

    /** Media type without parameters such as charset. */
    String contentType() {
        return header("Content-Type").split(";")[0].trim();
    }

    /** @return first violation in the URL and headers of a request with a body of this type; null if there is none */
    @CheckForNull
    String headerViolation(String type) {
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
