package io.jenkins.plugins.vcftoken.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * API tokens of the VCF SSO Identity Broker. Responds with 500 to an API token that is expired, revoked, replaced, or
 * belongs to an inactive user, like the real server. Regeneration follows the vendor's documentation, and requires an
 * access token, as in the vendor's sample.
 */
public final class VcfSso implements TokenApi {

    private static final String PATH = "/acs/t/";
    private static final String REGENERATE = "/api-tokens/regenerate";
    private static final String MEDIA = "application/vnd.vmware.vidm.api-tokens.regenerate.";
    private static final String GRANT_TYPE = "urn:custom:vcf:params:oauth:grant-type:api-token";

    private record ApiToken(String tenant, String principal, Instant expiresAt) {}

    private final Simulator simulator;
    private final Map<String, ApiToken> apiTokens = new LinkedHashMap<>();
    private final Set<String> inactive = new HashSet<>();
    private final Set<String> issued = new HashSet<>();
    private volatile boolean isTrusted = true;
    private final Set<String> forbidden = new HashSet<>();
    /** API tokens with a regeneration request that was not followed by a token request yet. */
    private final Set<String> regenerating = new HashSet<>();

    private volatile Duration apiTokenLifetime = Duration.ofDays(30);
    private volatile boolean keepsReplacedTokens;
    private volatile boolean includesExpiry = true;
    private volatile int refusals;
    private volatile int regenerations;
    private volatile int repeats;

    VcfSso(Simulator simulator) {
        this.simulator = simulator;
    }

    // Configuration by tests

    /**
     * @param principal API client or user of the token
     * @param expiresAt expiry of the API token, not of its access tokens
     */
    public void addApiToken(String tenant, String principal, String token, Instant expiresAt) {
        synchronized (simulator) {
            apiTokens.put(token, new ApiToken(tenant, principal, expiresAt));
            simulator.rememberSecret(token);
        }
    }

    public void revoke(String token) {
        synchronized (simulator) {
            apiTokens.remove(token);
        }
    }

    /** @param active false for a user who has not logged in for a long time */
    public void setActive(String principal, boolean active) {
        synchronized (simulator) {
            if (active) {
                inactive.remove(principal);
            } else {
                inactive.add(principal);
            }
        }
    }

    /** Whether the products use VCF SSO, and so accept its access tokens. */
    public void setTrusted(boolean trusted) {
        isTrusted = trusted;
    }

    /** Sets the lifetime of API tokens issued from now on. */
    public void setApiTokenLifetime(Duration lifetime) {
        apiTokenLifetime = lifetime;
    }

    /** Keeps replaced API tokens valid until they expire. The vendor does not document whether they are revoked. */
    public void keepReplacedTokens() {
        keepsReplacedTokens = true;
    }

    /** Omits the expiry of the new API token from the response, where it is optional. */
    public void omitExpiry() {
        includesExpiry = false;
    }

    /** Denies regeneration, as with an insufficient role. */
    public void forbidRegeneration(String principal) {
        synchronized (simulator) {
            forbidden.add(principal);
        }
    }

    // Counters and state for assertions

    /** Latest API token of a principal that is not revoked; empty if there is none. */
    public String currentToken(String principal) {
        synchronized (simulator) {
            String current = "";
            for (Map.Entry<String, ApiToken> token : apiTokens.entrySet()) {
                current = token.getValue().principal().equals(principal) ? token.getKey() : current;
            }
            return current;
        }
    }

    /** Number of regenerated API tokens. */
    public int regenerations() {
        return regenerations;
    }

    /**
     * Number of repeated regeneration requests with the same API token, without a token request in between that would
     * have shown the outcome of the previous request.
     */
    public int repeatedRegenerations() {
        return repeats;
    }

    /** Number of token requests that received 500. */
    public int refusals() {
        return refusals;
    }

    /** Whether an access token was issued by VCF SSO and the products accept it. */
    boolean isIssued(String accessToken) {
        synchronized (simulator) {
            return isTrusted && issued.contains(accessToken);
        }
    }

    // Request handling

    @Override
    public boolean serves(String path) {
        return path.matches(PATH + "[^/]+(/token|" + REGENERATE + ")");
    }

    @Override
    public boolean replacesSecret(String path) {
        return path.endsWith(REGENERATE);
    }

    @Override
    public void received(Call call) {
        if (replacesSecret(call.path()) && !regenerating.add(secret(call))) {
            repeats++;
        }
    }

    @Override
    public String secret(Call call) {
        return replacesSecret(call.path())
                ? call.json().path("api_token").asText()
                : call.form().getOrDefault("api_token", "");
    }

    @Override
    public String violation(Call call) {
        if (replacesSecret(call.path())) {
            return regenerationViolation(call);
        }
        String violation = call.headerViolation("application/x-www-form-urlencoded");
        if (violation != null) {
            return violation;
        }
        if (call.headers().containsKey("Authorization")) {
            return "client authentication";
        }
        if (!call.form().keySet().equals(Set.of("grant_type", "api_token"))) {
            return "parameters " + call.form().keySet();
        }
        return call.form().get("grant_type").equals(GRANT_TYPE)
                ? null
                : "grant type " + call.form().get("grant_type");
    }

    private static String regenerationViolation(Call call) {
        if (call.query() != null) {
            return "a query string: secrets end up in access logs";
        }
        if (!call.header("Content-Type").equals(MEDIA + "request+json")) {
            return "content type " + call.header("Content-Type");
        }
        if (!call.header("Accept").contains(MEDIA + "response+json")) {
            return "Accept: " + call.header("Accept");
        }
        JsonNode body = call.json();
        return body.size() == 1 && body.path("api_token").isTextual() ? null : "body of " + body.size() + " fields";
    }

    @Override
    public Reply answer(Call call) {
        if (!call.method().equals("POST")) {
            return new Reply(405, "text/plain", "");
        }
        String tenant = call.path().substring(PATH.length()).split("/")[0];
        if (apiTokens.values().stream().noneMatch(token -> token.tenant().equals(tenant))) {
            return new Reply(404, "text/html", "<html>404 Not Found</html>");
        }
        String sent = secret(call);
        ApiToken token = apiTokens.get(sent);
        boolean isActive = token != null
                && token.tenant().equals(tenant)
                && simulator.now().isBefore(token.expiresAt())
                && !inactive.contains(token.principal());
        if (replacesSecret(call.path())) {
            return regenerate(call, sent, isActive ? token : null);
        }
        regenerating.remove(sent);
        if (!isActive) {
            refusals++;
            return Reply.json(500, "{\"code\":\"internal.error\",\"message\":\"An internal error occurred\"}");
        }
        String accessToken = simulator.issue(token.principal(), "", call.expired());
        issued.add(accessToken);
        return Reply.json(
                200,
                "{\"scope\":\"openid profile user email group\",\"access_token\":\""
                        + accessToken
                        + "\",\"token_type\":\"Bearer\",\"expires_in\":"
                        + (call.expired() ? 0 : simulator.lifetime().toSeconds()) + "}");
    }

    /** @param token null if not active */
    private Reply regenerate(Call call, String sent, ApiToken token) {
        if (!simulator.admits(call.accessToken())) {
            return Reply.json(401, "{\"message\":\"Unauthorized\"}");
        }
        if (token == null) {
            return Reply.json(400, "{\"message\":\"API Token is invalid or expired\"}");
        }
        if (forbidden.contains(token.principal())) {
            return Reply.json(403, "{\"message\":\"Forbidden\"}");
        }
        String next = "vidb_" + simulator.newSecret();
        Instant expiresAt = simulator.now().plus(apiTokenLifetime);
        if (!keepsReplacedTokens) {
            apiTokens.remove(sent);
        }
        apiTokens.put(next, new ApiToken(token.tenant(), token.principal(), expiresAt));
        regenerations++;
        String expiry =
                "\"api_token_ttl\":" + apiTokenLifetime.toMinutes() + ",\"expiration_date\":\"" + expiresAt + "\",";
        return new Reply(
                200,
                MEDIA + "response+json",
                "{\"client_id\":\"" + token.principal() + "\"," + (includesExpiry ? expiry : "")
                        + "\"token_status\":\"ACTIVE\",\"token\":\"" + next + "\"}");
    }
}
