package io.jenkins.plugins.vcftoken.simulator;

import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * VCF Operations: login with username and password, exchange of an access token for one of a fleet service, and two
 * protected lists. Locks a user after five failed logins; the response is the same as to a wrong password.
 */
public final class VcfOperations implements TokenApi {

    private static final String API = "/suite-api/api/";
    private static final String ACQUIRE = API + "auth/token/acquire";
    private static final String RELEASE = API + "auth/token/release";
    private static final String EXCHANGE = API + "auth/token/exchange";
    private static final String COMPONENTS = "/fleet-lcm/v1/components";
    private static final Set<String> SERVICE_KEYS = Set.of("fleet-lcm", "ops-li");
    private static final String RESOURCES = API + "resources";
    private static final int LOCKS_AFTER = 5;

    private record User(String name, String authSource) {}

    private final Simulator simulator;
    private final Map<User, String> passwords = new HashMap<>();
    private final Map<User, Integer> failures = new HashMap<>();
    private final Set<String> sourcesWithoutPasswords = new HashSet<>();
    private final Set<String> sessions = new HashSet<>();
    private volatile int logins;
    private volatile int refusedLogins;
    private volatile int releases;
    private volatile int exchanges;
    private volatile int refusedExchanges;

    VcfOperations(Simulator simulator) {
        this.simulator = simulator;
    }

    // Configuration by tests

    /** @param authSource authentication source; empty for a local user */
    public void addUser(String name, String authSource, String password) {
        synchronized (simulator) {
            passwords.put(new User(name, authSource), password);
            simulator.rememberSecret(password);
        }
    }

    /** Adds an authentication source with an external identity provider; it rejects all passwords. */
    public void addSourceWithoutPasswords(String authSource) {
        synchronized (simulator) {
            sourcesWithoutPasswords.add(authSource);
        }
    }

    // Counters and state for assertions

    /** Number of access tokens that have not been released. */
    public int openSessions() {
        synchronized (simulator) {
            return sessions.size();
        }
    }

    public int logins() {
        return logins;
    }

    public int refusedLogins() {
        return refusedLogins;
    }

    public int releases() {
        return releases;
    }

    /** Number of access tokens issued for fleet services. */
    public int exchanges() {
        return exchanges;
    }

    /** Number of exchanges rejected because of the access token. */
    public int refusedExchanges() {
        return refusedExchanges;
    }

    // Request handling

    @Override
    public boolean serves(String path) {
        return Set.of(ACQUIRE, RELEASE, EXCHANGE, RESOURCES, COMPONENTS).contains(path);
    }

    @Override
    public boolean isTokenRequest(String path) {
        return path.equals(ACQUIRE) || path.equals(EXCHANGE);
    }

    @Override
    public String secret(Call call) {
        return call.path().equals(EXCHANGE)
                ? call.header("Authorization")
                : call.json().path("password").asText();
    }

    @Override
    public String violation(Call call) {
        return switch (call.path()) {
            case ACQUIRE -> loginViolation(call);
            case RELEASE -> releaseViolation(call);
            case EXCHANGE -> exchangeViolation(call);
            default -> null;
        };
    }

    private static String loginViolation(Call call) {
        String violation = call.headerViolation("application/json");
        if (violation != null) {
            return violation;
        }
        if (call.headers().containsKey("Authorization")) {
            return "an Authorization header";
        }
        Set<String> fields = call.jsonFields();
        if (!fields.equals(Set.of("username", "password"))
                && !fields.equals(Set.of("username", "password", "authSource"))) {
            return "fields " + fields;
        }
        for (String field : fields) {
            if (call.json().path(field).asText().isEmpty()) {
                return "no text in the field " + field;
            }
        }
        return null;
    }

    private static String releaseViolation(Call call) {
        if (call.query() != null || !call.body().isEmpty()) {
            return "a query string or a body where there is none";
        }
        return call.header("Authorization").startsWith("OpsToken ") ? null : "no OpsToken";
    }

    private static String exchangeViolation(Call call) {
        String violation = call.headerViolation("application/json");
        if (violation != null) {
            return violation;
        }
        if (call.json().size() != 1 || !call.json().path("serviceKeys").isArray()) {
            return "fields other than serviceKeys";
        }
        return call.json().path("serviceKeys").size() == 1 ? null : "not one key";
    }

    @Override
    public Reply answer(Call call) {
        return switch (call.method() + ' ' + call.path()) {
            case "POST " + ACQUIRE -> login(call);
            case "POST " + RELEASE -> release(call);
            case "POST " + EXCHANGE -> exchange(call);
            case "GET " + RESOURCES -> resources(call);
            case "GET " + COMPONENTS -> components(call);
            default -> Reply.json(405, "");
        };
    }

    private Reply login(Call call) {
        User user = new User(
                call.json().path("username").asText(),
                call.json().path("authSource").asText());
        if (sourcesWithoutPasswords.contains(user.authSource())) {
            refusedLogins++;
            return new Reply(401, "text/html", "<html><title>Not Authorized</title></html>");
        }
        boolean isLocked = failures.getOrDefault(user, 0) >= LOCKS_AFTER;
        if (isLocked || !call.json().path("password").asText().equals(passwords.get(user))) {
            refusedLogins++;
            failures.merge(user, 1, Integer::sum);
            return refused();
        }
        logins++;
        String accessToken = simulator.issueOpaque(user.name(), call.expired());
        sessions.add(accessToken);
        Instant validity = call.expired() ? simulator.now() : simulator.now().plus(simulator.lifetime());
        return Reply.json(
                200,
                "{\"token\":\"" + accessToken + "\",\"validity\":" + validity.toEpochMilli() + ",\"expiresAt\":\""
                        + validity + "\",\"roles\":[]}");
    }

    private Reply release(Call call) {
        releases++;
        String accessToken = opsToken(call);
        if (!sessions.remove(accessToken)) {
            return refused();
        }
        simulator.end(accessToken);
        return new Reply(200, "application/json", "");
    }

    /** An access token for a fleet service outlives the access token of VCF SSO by a sixth of the lifetime. */
    private Reply exchange(Call call) {
        String parent = accessToken(call);
        if (!simulator.isAlive(parent)) {
            refusedExchanges++;
            return refused();
        }
        String key = call.json().path("serviceKeys").path(0).asText();
        if (!SERVICE_KEYS.contains(key)) {
            return Reply.json(400, "{\"message\":\"Invalid service keys: [" + key + "]\",\"httpStatusCode\":400}");
        }
        exchanges++;
        Instant end = simulator.vcfSso().isIssued(parent)
                ? simulator.expiryOf(parent).plus(simulator.lifetime().dividedBy(6))
                : simulator.now().plus(simulator.lifetime());
        String jwt = simulator.issueUntil(simulator.userOf(parent), key, call.expired() ? simulator.now() : end);
        return Reply.json(200, "{\"jwtToken\":\"" + jwt + "\",\"services\":[]}");
    }

    /** List of VCF fleet lifecycle, which is a separate server in a real deployment. */
    private Reply components(Call call) {
        return simulator.admits(call.accessToken(), "fleet-lcm")
                ? Reply.json(200, "{\"components\":[{\"componentType\":\"VSP\",\"fqdn\":\"vsp.example.com\"}]}")
                : Reply.json(401, "");
    }

    private Reply resources(Call call) {
        if (!simulator.admits(accessToken(call))) {
            return refused();
        }
        return Reply.json(
                200,
                "{\"pageInfo\":{\"totalCount\":1,\"page\":0,\"pageSize\":1000},\"resourceList\":[{\"identifier\":"
                        + "\"2e0b1a54-6d2c-4f0a-9a53-3e1f6b3c7d10\",\"resourceKey\":{\"name\":\"mgmt-vc\"}}]}");
    }

    /** Access token of VCF Operations or VCF SSO; empty if unknown. */
    private String accessToken(Call call) {
        String opsToken = opsToken(call);
        if (sessions.contains(opsToken)) {
            return opsToken;
        }
        return simulator.vcfSso().isIssued(call.accessToken()) ? call.accessToken() : "";
    }

    private static String opsToken(Call call) {
        String authorization = call.header("Authorization");
        return authorization.startsWith("OpsToken ") ? authorization.substring("OpsToken ".length()) : "";
    }

    private static Reply refused() {
        return Reply.json(
                401,
                "{\"type\":\"Error\",\"message\":\"The provided username/password or token is not valid. Please try again.\","
                        + "\"httpStatusCode\":401,\"apiErrorCode\":401}");
    }
}
