package io.jenkins.plugins.vcftoken.simulator;

import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The Identity Broker of VCF SSO: API tokens. Responds with 500 to one that is expired, revoked, or of an inactive user, as
 * the real one does.
 */
public final class VcfSso implements TokenApi {

    private static final String PATH = "/acs/t/";
    private static final String GRANT_TYPE = "urn:custom:vcf:params:oauth:grant-type:api-token";

    private record ApiToken(String tenant, String principal, Instant expiresAt) {}

    private final Simulator simulator;
    private final Map<String, ApiToken> apiTokens = new HashMap<>();
    private final Set<String> inactive = new HashSet<>();
    private final Set<String> issued = new HashSet<>();
    private boolean isTrusted = true;
    private int refusals;

    VcfSso(Simulator simulator) {
        this.simulator = simulator;
    }

    // What tests set up

    /**
     * @param principal the API client or user that it acts for
     * @param expiresAt when the token itself expires
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

    /** As after a long time without a login, and after the next login. */
    public void setActive(String principal, boolean active) {
        synchronized (simulator) {
            if (active) {
                inactive.remove(principal);
            } else {
                inactive.add(principal);
            }
        }
    }

    /** Whether the products accept its access tokens, as they do once they use VCF SSO. */
    public void setTrusted(boolean trusted) {
        synchronized (simulator) {
            isTrusted = trusted;
        }
    }

    // What tests ask

    /** Requests with an API token that was answered with 500. */
    public int refusals() {
        synchronized (simulator) {
            return refusals;
        }
    }

    /** Whether an access token is one of VCF SSO, which the products that are part of it accept. */
    boolean isIssued(String accessToken) {
        synchronized (simulator) {
            return isTrusted && issued.contains(accessToken);
        }
    }

    // What the handler needs

    @Override
    public boolean serves(String path) {
        return path.matches(PATH + "[^/]+/token");
    }

    @Override
    public String secret(Call call) {
        return call.form().getOrDefault("api_token", "");
    }

    @Override
    public String violation(Call call) {
        String untidy = call.untidy("application/x-www-form-urlencoded");
        if (untidy != null) {
            return untidy;
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

    @Override
    public Reply answer(Call call) {
        if (!call.method().equals("POST")) {
            return new Reply(405, "text/plain", "");
        }
        String tenant = call.path().substring(PATH.length(), call.path().length() - "/token".length());
        if (apiTokens.values().stream().noneMatch(token -> token.tenant().equals(tenant))) {
            return new Reply(404, "text/html", "<html>404 Not Found</html>");
        }
        ApiToken token = apiTokens.get(call.form().get("api_token"));
        if (token == null
                || !token.tenant().equals(tenant)
                || !simulator.now().isBefore(token.expiresAt())
                || inactive.contains(token.principal())) {
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
}
