package io.jenkins.plugins.vcftoken.simulator;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Cloud Services: API tokens, OAuth apps, and organizations. Error messages contain the rejected secret, as on the real
 * server.
 *
 * @see <a href="https://developer.broadcom.com/xapis/tcsp-account-management/latest/operation-index/">operations</a>
 */
public final class CloudServices implements TokenApi {

    private static final String AUTH = "/csp/gateway/am/api/auth/";
    private static final String ORGANIZATIONS_OF_USER = "/csp/gateway/am/api/loggedin/user/orgs";
    private static final String ORGANIZATIONS = "/csp/gateway/am/api/orgs/";

    private static final String USER = "person";
    private static final String ORGANIZATION_OF_USER = "o";

    private record App(String secret, String organization) {}

    private final Simulator simulator;
    private final Map<String, Instant> apiTokens = new HashMap<>();
    private final Map<String, String> successors = new HashMap<>();
    private final Map<String, App> apps = new HashMap<>();
    private final AtomicInteger detailRequests = new AtomicInteger();
    private volatile boolean milliseconds;
    private volatile boolean refusesWith401;
    private volatile String lastForm = "";

    CloudServices(Simulator simulator) {
        this.simulator = simulator;
    }

    // Configuration by tests

    /** @param expiresAt expiry of the API token, not of its access tokens */
    public void addApiToken(String token, Instant expiresAt) {
        synchronized (simulator) {
            apiTokens.put(token, expiresAt);
            simulator.rememberSecret(token);
        }
    }

    public void revoke(String apiToken) {
        synchronized (simulator) {
            apiTokens.remove(apiToken);
        }
    }

    /** Replaces the API token at its next use. Not observed on real servers; the plugin must not lose the new token. */
    public void replaceAtNextUse(String apiToken, String successor) {
        synchronized (simulator) {
            successors.put(apiToken, successor);
            simulator.rememberSecret(successor);
        }
    }

    /** @param secret empty for a public app */
    public void addApp(String id, String secret, String organization) {
        synchronized (simulator) {
            apps.put(id, new App(secret, organization));
            if (!secret.isEmpty()) {
                simulator.rememberSecret(secret);
            }
        }
    }

    public void setMilliseconds(boolean milliseconds) {
        this.milliseconds = milliseconds;
    }

    public void setRefusesWith401(boolean refusesWith401) {
        this.refusesWith401 = refusesWith401;
    }

    /** Body of the last token request of an app. */
    public String lastForm() {
        return lastForm;
    }

    // Request handling

    @Override
    public boolean serves(String path) {
        return path.startsWith(AUTH) || path.equals(ORGANIZATIONS_OF_USER) || path.startsWith(ORGANIZATIONS);
    }

    @Override
    public boolean isTokenRequest(String path) {
        return path.startsWith(AUTH);
    }

    @Override
    public String secret(Call call) {
        if (!isTokenRequest(call.path())) {
            return "";
        }
        return switch (call.path().substring(AUTH.length())) {
            case "api-tokens/authorize" -> call.form().getOrDefault("api_token", "");
            case "api-tokens/details" -> "";
            default -> basic(call)[1];
        };
    }

    @Override
    public String violation(Call call) {
        if (!isTokenRequest(call.path())) {
            return call.method().equals("GET") ? null : "method " + call.method();
        }
        return switch (call.path().substring(AUTH.length())) {
            case "api-tokens/authorize" -> {
                String violation = call.headerViolation("application/x-www-form-urlencoded");
                yield violation != null || call.form().keySet().equals(Set.of("api_token"))
                        ? violation
                        : "parameters " + call.form().keySet();
            }
            case "api-tokens/details" -> {
                String violation = call.headerViolation("application/json");
                yield violation != null || call.json().path("tokenValue").isTextual() ? violation : "no tokenValue";
            }
            case "token" -> {
                String violation = call.headerViolation("application/x-www-form-urlencoded");
                yield violation != null ? violation : appViolation(call);
            }
            default -> "path " + call.path();
        };
    }

    private static String appViolation(Call call) {
        Map<String, String> form = call.form();
        if (!form.getOrDefault("grant_type", "").equals("client_credentials")) {
            return "grant type " + form.get("grant_type");
        }
        if (!Set.of("grant_type", "orgId", "scope", "accessTokenValiditySeconds")
                .containsAll(form.keySet())) {
            return "parameters " + form.keySet();
        }
        return call.header("Authorization").startsWith("Basic ") ? null : "no Basic authentication";
    }

    @Override
    public Reply answer(Call call) {
        if (!isTokenRequest(call.path())) {
            return organizations(call);
        }
        return switch (call.path().substring(AUTH.length())) {
            case "api-tokens/authorize" -> authorize(call);
            case "api-tokens/details" -> details(call);
            default -> clientCredentials(call);
        };
    }

    /** Only users can list their organizations; an access token can read only its own organization. */
    private Reply organizations(Call call) {
        String accessToken = call.accessToken();
        if (!simulator.admits(hasIssued(accessToken) ? accessToken : "")) {
            return error(401, "Unauthorized");
        }
        boolean isUser = simulator.userOf(accessToken).equals(USER);
        String organization = isUser ? ORGANIZATION_OF_USER : simulator.organizationOf(accessToken);
        if (call.path().equals(ORGANIZATIONS_OF_USER)) {
            return isUser
                    ? Reply.json(200, "{\"refLinks\":[\"" + ORGANIZATIONS + organization + "\"]}")
                    : error(403, "Forbidden");
        }
        return call.path().equals(ORGANIZATIONS + organization)
                ? Reply.json(
                        200,
                        "{\"name\":\"acme\",\"displayName\":\"Acme\",\"refLink\":\"" + ORGANIZATIONS + organization
                                + "\"}")
                : error(403, "Forbidden");
    }

    boolean hasIssued(String accessToken) {
        String user = simulator.userOf(accessToken);
        return user.equals(USER) || apps.containsKey(user);
    }

    private Reply authorize(Call call) {
        String token = call.form().get("api_token");
        Instant expiresAt = apiTokens.get(token);
        if (expiresAt == null || !simulator.now().isBefore(expiresAt)) {
            return error(400, "invalid_grant: Invalid refresh token: " + token);
        }
        String successor = successors.remove(token);
        if (successor != null) {
            apiTokens.remove(token);
            apiTokens.put(successor, expiresAt);
        }
        return tokenResponse(
                simulator.issue(USER, "", call.expired()),
                call.expired() ? 0 : simulator.lifetime().toSeconds(),
                ",\"refresh_token\":\"" + (successor == null ? token : successor) + "\",\"id_token\":\"x.y.z\"");
    }

    /** Number of requests for details of an API token. */
    public int detailRequests() {
        return detailRequests.get();
    }

    private Reply details(Call call) {
        detailRequests.incrementAndGet();
        Instant expiresAt = apiTokens.get(call.json().path("tokenValue").asText());
        if (expiresAt == null) {
            return error(404, "No such token");
        }
        long time = milliseconds ? expiresAt.toEpochMilli() : expiresAt.getEpochSecond();
        return Reply.json(
                200, "{\"tokenName\":\"ci\",\"orgId\":\"" + ORGANIZATION_OF_USER + "\",\"expiresAt\":" + time + "}");
    }

    private Reply clientCredentials(Call call) {
        lastForm = call.body();
        String[] given = basic(call);
        App app = apps.get(given[0]);
        if (app == null || !app.secret().equals(given[1])) {
            return error(
                    refusesWith401 ? 401 : 400,
                    "Invalid authorization header (In case of client credentials): " + given[1]);
        }
        String organization = call.form().get("orgId");
        if (organization != null && !organization.equals(app.organization())) {
            return error(404, "Organization not found");
        }
        long own = simulator.lifetime().toSeconds();
        String wanted = call.form().get("accessTokenValiditySeconds");
        long lifetime = wanted == null ? own : Math.min(own, Long.parseLong(wanted));
        return tokenResponse(
                simulator.issue(given[0], app.organization(), call.expired()), call.expired() ? 0 : lifetime, "");
    }

    private static Reply tokenResponse(String accessToken, long seconds, String more) {
        return Reply.json(
                200,
                "{\"access_token\":\"" + accessToken + "\",\"token_type\":\"bearer\",\"expires_in\":" + seconds
                        + ",\"scope\":\"ALL_PERMISSIONS openid\"" + more + "}");
    }

    private static Reply error(int status, String message) {
        return Reply.json(
                status,
                "{\"moduleCode\":340,\"message\":\"" + message + "\",\"statusCode\":" + status
                        + ",\"traceId\":\"1\",\"metadata\":null}");
    }

    /** User and password of Basic authentication; empty strings if the header is absent. */
    private static String[] basic(Call call) {
        String header = call.header("Authorization");
        if (!header.startsWith("Basic ")) {
            return new String[] {"", ""};
        }
        String pair = new String(Base64.getDecoder().decode(header.substring(6)), StandardCharsets.UTF_8);
        int colon = pair.indexOf(':');
        return new String[] {pair.substring(0, colon), pair.substring(colon + 1)};
    }
}
