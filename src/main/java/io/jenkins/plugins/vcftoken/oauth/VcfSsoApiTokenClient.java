package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import okhttp3.HttpUrl;
import okhttp3.MediaType;

/**
 * Requests access tokens with an API token of VCF SSO from the Identity Broker of VCF 9.1 and newer. The <a
 * href="https://developer.broadcom.com/xapis/vmware-identity-broker/latest/acs/t/tenant/token/post">vendor's
 * document</a> specifies the path; the grant type and the response are from recorded requests. The expiry of an API
 * token is available only in the response to {@link #regenerate}.
 */
public final class VcfSsoApiTokenClient extends AbstractTokenClient {

    public static final String SYSTEM = "VCF SSO";

    /** The only tenant of an Identity Broker that VCF installs. */
    public static final String DEFAULT_TENANT = "CUSTOMER";

    private static final String GRANT_TYPE = "urn:custom:vcf:params:oauth:grant-type:api-token";

    private static final String REGENERATE = "application/vnd.vmware.vidm.api-tokens.regenerate.";
    private static final MediaType REGENERATE_REQUEST = MediaType.get(REGENERATE + "request+json");
    private static final String REGENERATE_RESPONSE = REGENERATE + "response+json";

    /** Longer lifetimes are ignored. */
    private static final Duration MAX_LIFETIME = Duration.ofDays(3_650);

    @CheckForNull
    private final Instant expiresAt;

    private final boolean regenerates;

    /** For an API token with unknown expiry, which is not regenerated. */
    public VcfSsoApiTokenClient(AtMostOnceHttpClient client, Account account) {
        this(client, account, null, false);
    }

    /**
     * @param account its organization is the tenant
     * @param expiresAt expiry of the stored API token as entered by the user, or null
     * @param regenerates whether the API token is regenerated before it expires
     */
    public VcfSsoApiTokenClient(
            AtMostOnceHttpClient client, Account account, @CheckForNull Instant expiresAt, boolean regenerates) {
        super(client, account, false);
        this.expiresAt = expiresAt;
        this.regenerates = regenerates;
    }

    @Override
    public boolean regenerates() {
        return regenerates;
    }

    @CheckForNull
    @Override
    public Instant secretExpiry(String apiToken, @CheckForNull AccessToken accessToken) {
        return expiresAt;
    }

    @Override
    public TokenResponse requestToken(String apiToken) throws TokenRequestException {
        TokenResponseParser response = new TokenResponseParser(
                client.postForm(tenantUrl("token"), Map.of("grant_type", GRANT_TYPE, "api_token", apiToken)),
                apiToken,
                VcfSsoApiTokenClient::classify);
        if (response.status() == 500) {
            TokenRequestException failure = response.failure();
            throw failure.copy(TokenErrorType.API_TOKEN_REJECTED_OR_SERVER_ERROR, failure.detail(), null);
        }
        // A refresh token in the response does not replace the API token.
        return new TokenResponse(response.response().accessToken(), null);
    }

    /**
     * Follows the <a
     * href="https://developer.broadcom.com/xapis/vmware-identity-broker/latest/acs/t/tenant/api-tokens/regenerate/post/">vendor's
     * document</a>. It does not specify whether an access token is required, although its sample contains {@code
     * Authorization}, or whether the old API token stays valid.
     */
    @Override
    public RegeneratedSecret regenerate(String apiToken, @CheckForNull AccessToken accessToken)
            throws TokenRequestException {
        Map<String, String> headers = new HashMap<>(Map.of("Accept", REGENERATE_RESPONSE + ", application/json"));
        if (accessToken != null) {
            headers.put("Authorization", "Bearer " + accessToken.value());
        }
        JsonNode body = JsonNodeFactory.instance.objectNode().put("api_token", apiToken);
        try {
            TokenResponseParser response = new TokenResponseParser(
                    client.sendJson("POST", tenantUrl("api-tokens/regenerate"), body, REGENERATE_REQUEST, headers),
                    apiToken,
                    (status, code, message) -> TokenErrorType.REGENERATION_REJECTED);
            JsonNode object = response.object();
            String token = TokenResponseParser.text(object, "token");
            if (token == null) {
                throw response.invalid("without an API token", null);
            }
            return new RegeneratedSecret(token, parseExpiry(object, response.requestedAt()));
        } catch (TokenRequestException.OutcomeUnknown | TokenRequestException.InvalidResponse e) {
            throw e.copy(TokenErrorType.REGENERATION_UNKNOWN, e.detail(), e.getCause());
        }
    }

    /** @return the expiration date, or the expiry by the lifetime in minutes; null if the response has neither */
    @CheckForNull
    private static Instant parseExpiry(JsonNode response, Instant requestedAt) {
        JsonNode date = response.path("expiration_date");
        Instant parsed = TokenResponseParser.parseTime(TokenResponseParser.text(response, "expiration_date"));
        Instant expiry = parsed == null ? CspApiTokenClient.parseExpiry(date) : parsed;
        if (expiry != null) {
            return expiry.isBefore(TokenResponseParser.NEVER) ? expiry : null;
        }
        long minutes = response.path("api_token_ttl").asLong();
        return minutes > 0 && minutes <= MAX_LIFETIME.toMinutes()
                ? requestedAt.plus(Duration.ofMinutes(minutes))
                : null;
    }

    /** @throws TokenRequestException if the tenant name is not a single path segment */
    private HttpUrl tenantUrl(String path) throws TokenRequestException {
        String tenant = account().organization();
        if (!VcfaTokenClient.isValidOrganizationName(tenant)) {
            throw new TokenRequestException.NotSent(
                    TokenErrorType.WRONG_ORGANIZATION,
                    "‘" + SecretRedactor.redact(tenant, "") + "’ is not a tenant name; nothing was sent",
                    null);
        }
        return base.newBuilder()
                .addPathSegments("acs/t")
                .addPathSegment(tenant)
                .addPathSegments(path)
                .build();
    }

    private static TokenErrorType classify(int status, String code, String message) {
        return code.equals("invalid_grant") || status == 401
                ? TokenErrorType.API_TOKEN_REJECTED
                : TokenErrorType.ofStatus(status);
    }
}
