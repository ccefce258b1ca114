package io.jenkins.plugins.vcftoken.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Token endpoints of SDDC Manager and one protected list. Locks a user after five failed logins, like the identity
 * source of SDDC Manager.
 */
public final class SddcManager implements TokenApi {

    /** Format of the access token in the response to PATCH. */
    public enum Shape {
        QUOTED,
        RAW,
        OBJECT
    }

    private static final String DOMAINS = "/v1/domains";

    private static final int LOCKS_AFTER = 5;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Simulator simulator;
    private final Map<String, String> passwords = new HashMap<>();
    private final Set<String> apiKeys = new HashSet<>();
    private final Map<String, Integer> failures = new HashMap<>();
    private final Map<String, String> sessions = new HashMap<>();
    private final Map<String, String> sessionOf = new HashMap<>();
    private volatile int createdStatus = 200;
    private volatile Shape shape = Shape.QUOTED;
    private volatile int logins;
    private volatile int refusedLogins;
    private volatile int renewals;
    private volatile int releases;
    private int refusalStatus;
    private int refusalsLeft;
    private volatile int refusedRenewals;

    SddcManager(Simulator simulator) {
        this.simulator = simulator;
    }

    // Configuration by tests

    public void addUser(String name, String password) {
        synchronized (simulator) {
            passwords.put(name, password);
            simulator.rememberSecret(password);
        }
    }

    public void addApiKey(String key) {
        synchronized (simulator) {
            apiKeys.add(key);
            simulator.rememberSecret(key);
        }
    }

    /** @param status 200 as on live systems, or 201 as in the OpenAPI document */
    public void setCreatedStatus(int status) {
        createdStatus = status;
    }

    public void setShape(Shape shape) {
        this.shape = shape;
    }

    /** Removes all refresh tokens, like their expiry after a day or a restart of the server. */
    public void forgetSessions() {
        synchronized (simulator) {
            sessions.clear();
        }
    }

    /** Makes the next renewals fail with this status, even with a valid refresh token. */
    public void refuseRenewals(int status, int times) {
        synchronized (simulator) {
            refusalStatus = status;
            refusalsLeft = times;
        }
    }

    // Counters and state for assertions

    /** Number of valid refresh tokens. */
    public int openSessions() {
        synchronized (simulator) {
            return sessions.size();
        }
    }

    /** Whether the refresh token that was used to issue an access token is still valid. */
    public boolean isOpen(String accessToken) {
        synchronized (simulator) {
            return sessions.containsKey(sessionOf.get(accessToken));
        }
    }

    public int logins() {
        return logins;
    }

    public int refusedLogins() {
        return refusedLogins;
    }

    public int renewals() {
        return renewals;
    }

    /** Number of renewals that failed because of {@link #refuseRenewals}. */
    public int refusedRenewals() {
        return refusedRenewals;
    }

    public int releases() {
        return releases;
    }

    // Request handling

    @Override
    public boolean serves(String path) {
        return path.equals("/v1/tokens") || path.startsWith("/v1/tokens/") || path.equals(DOMAINS);
    }

    @Override
    public boolean isTokenRequest(String path) {
        return !path.equals(DOMAINS);
    }

    @Override
    public String secret(Call call) {
        JsonNode json = call.json();
        return json.isTextual()
                ? json.textValue()
                : json.path("password").asText(json.path("apiKey").asText());
    }

    @Override
    public String violation(Call call) {
        if (call.path().equals(DOMAINS)) {
            return null;
        }
        String violation = call.headerViolation("application/json");
        if (violation != null) {
            return violation;
        }
        if (call.headers().containsKey("Authorization")) {
            return "an Authorization header";
        }
        if (!call.path().equals("/v1/tokens")) {
            return call.json().isTextual() ? null : "a body that is not a JSON string";
        }
        Set<String> fields = call.jsonFields();
        return fields.equals(Set.of("password", "username")) || fields.equals(Set.of("apiKey"))
                ? null
                : "fields " + fields;
    }

    @Override
    public Reply answer(Call call) {
        return switch (call.method() + ' ' + call.path()) {
            case "GET " + DOMAINS -> domains(call);
            case "POST /v1/tokens" -> login(call);
            case "PATCH /v1/tokens/access-token/refresh" -> renew(call);
            case "DELETE /v1/tokens/refresh-token" -> release(call);
            default -> error(405, "METHOD_NOT_ALLOWED", "Request method not supported");
        };
    }

    /** One page of workload domains; requires an access token of SDDC Manager. */
    private Reply domains(Call call) {
        String accessToken = call.header("Authorization").replaceFirst("^Bearer ", "");
        if (!simulator.admits(sessionOf.containsKey(accessToken) ? accessToken : "")) {
            return error(401, "Unauthorized", "Authorization Header is missing or not in correct format");
        }
        ObjectNode page = JSON.createObjectNode();
        page.putArray("elements")
                .addObject()
                .put("id", "2e0b1a54-6d2c-4f0a-9a53-3e1f6b3c7d10")
                .put("name", "mgmt")
                .put("type", "MANAGEMENT")
                .put("status", "ACTIVE");
        page.putObject("pageMetadata")
                .put("pageNumber", 0)
                .put("pageSize", 1)
                .put("totalElements", 1)
                .put("totalPages", 1);
        return Reply.json(200, page.toString());
    }

    private Reply login(Call call) {
        String user = call.json().path("username").asText("service_account");
        if (failures.getOrDefault(user, 0) >= LOCKS_AFTER) {
            refusedLogins++;
            return error(401, "IDENTITY_UNAUTHORIZED_ENTITY", "User account is locked");
        }
        boolean known = call.json().has("apiKey")
                ? apiKeys.contains(call.json().path("apiKey").asText())
                : call.json().path("password").asText().equals(passwords.get(user));
        if (!known) {
            refusedLogins++;
            failures.merge(user, 1, Integer::sum);
            return error(401, "IDENTITY_UNAUTHORIZED_ENTITY", "User is not authorized");
        }
        logins++;
        String id = UUID.randomUUID().toString();
        sessions.put(id, user);
        String accessToken = simulator.issue(user, "", call.expired());
        sessionOf.put(accessToken, id);
        ObjectNode pair = JSON.createObjectNode();
        pair.put("accessToken", accessToken);
        pair.putObject("refreshToken").put("id", id);
        return Reply.json(createdStatus, pair.toString());
    }

    private Reply renew(Call call) {
        if (refusalsLeft > 0) {
            refusalsLeft--;
            refusedRenewals++;
            return error(refusalStatus, "TOKEN_REFRESH_FAILED", "Refused by a test");
        }
        String user = sessions.get(call.json().asText());
        if (user == null) {
            return error(404, "TOKEN_NOT_FOUND", "Refresh token not found");
        }
        renewals++;
        String accessToken = simulator.issue(user, "", call.expired());
        sessionOf.put(accessToken, call.json().asText());
        return Reply.json(
                200,
                switch (shape) {
                    case QUOTED -> '"' + accessToken + '"';
                    case RAW -> accessToken;
                    case OBJECT -> "{\"accessToken\":\"" + accessToken + "\"}";
                });
    }

    private Reply release(Call call) {
        releases++;
        sessions.remove(call.json().asText());
        return new Reply(204, "application/json", "");
    }

    private static Reply error(int status, String code, String message) {
        ObjectNode error = JSON.createObjectNode();
        error.put("errorCode", code).put("message", message).put("referenceToken", "H0DHL4");
        return Reply.json(status, error.toString());
    }
}
