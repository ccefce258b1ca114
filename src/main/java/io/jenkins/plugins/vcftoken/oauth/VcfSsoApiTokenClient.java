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
 * Requests access tokens with an API token of VCF SSO, at the Identity Broker of VCF 9.1 and newer. The
 * <a href="https://developer.broadcom.com/xapis/vmware-identity-broker/latest/acs/t/tenant/token/post">vendor's
 * document</a> has the path; the grant type and the response are from recordings. The server does not say when an API
 * token expires, except in the response to {@link #regenerate}.
 */
public final class VcfSsoApiTokenClient extends AbstractTokenClient {

    public static final String SYSTEM = "VCF SSO";

    /** The only tenant of a broker that VCF installs. */
    public static final String DEFAULT_TENANT = "CUSTOMER";

    private static final String GRANT_TYPE = "urn:custom:vcf:params:oauth:grant-type:api-token";

    private static final String REGENERATE = "application/vnd.vmware.vidm.api-tokens.regenerate.";
    private static final MediaType REGENERATE_REQUEST = MediaType.get(REGENERATE + "request+json");
    private static final String REGENERATE_RESPONSE = REGENERATE + "response+json";

    /** A later time, or a longer lifetime, is an error of the server. */
    private static final Instant LAST_EXPIRY = Instant.parse("9999-01-01T00:00:00Z");

    private static final Duration LONGEST_LIFETIME = Duration.ofDays(3_650);

    @CheckForNull
    private final Instant expiresAt;

    private final boolean regenerates;

    /** For an API token whose expiry is not known, and which a person replaces. */
    public VcfSsoApiTokenClient(OneShotHttpClient client, Account account) {
        this(client, account, null, false);
    }

    /**
     * @param account its organization is the tenant
     * @param expiresAt when the stored API token expires, as the user entered it, or null
     * @param regenerates whether another one is requested before that
     */
    public VcfSsoApiTokenClient(
            OneShotHttpClient client, Account account, @CheckForNull Instant expiresAt, boolean regenerates) {
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
            throw failure.copy(TokenError.API_TOKEN_REFUSED_OR_SERVER_FAILED, failure.detail(), null);
        }
        // A refresh token in the response is not the successor of the API token.
        return new TokenResponse(response.response().accessToken(), null);
    }

    /**
     * As in the
     * <a href="https://developer.broadcom.com/xapis/vmware-identity-broker/latest/acs/t/tenant/api-tokens/regenerate/post/">vendor's
     * document</a>. It does not say whether the server wants an access token, though its sample has an {@code
     * Authorization}, nor whether the server accepts the old API token from then on.
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
                    (status, code, message) -> TokenError.REGENERATION_REFUSED);
            JsonNode object = response.object();
            String token = TokenResponseParser.text(object, "token");
            if (token == null) {
                throw response.invalid("without an API token", null);
            }
            return new RegeneratedSecret(token, expiry(object, response.askedAt()));
        } catch (TokenRequestException.OutcomeUnknown | TokenRequestException.InvalidResponse e) {
            throw e.copy(TokenError.REGENERATION_UNKNOWN, e.detail(), e.getCause());
        }
    }

    /** The date in any form, else the lifetime, which is in minutes; null where the response has neither. */
    @CheckForNull
    private static Instant expiry(JsonNode response, Instant askedAt) {
        JsonNode date = response.path("expiration_date");
        Instant time = TokenResponseParser.time(TokenResponseParser.text(response, "expiration_date"));
        Instant told = time == null ? CspApiTokenClient.expiry(date) : time;
        if (told != null) {
            return told.isBefore(LAST_EXPIRY) ? told : null;
        }
        long minutes = response.path("api_token_ttl").asLong();
        return minutes > 0 && minutes <= LONGEST_LIFETIME.toMinutes()
                ? askedAt.plus(Duration.ofMinutes(minutes))
                : null;
    }

    /** @throws TokenRequestException when the name of the tenant would lead to another path */
    private HttpUrl tenantUrl(String path) throws TokenRequestException {
        String tenant = account().organization();
        if (!VcfaTokenClient.isOrganization(tenant)) {
            throw new TokenRequestException.NotSent(
                    TokenError.WRONG_ORGANIZATION,
                    "‘" + SecretRedactor.redact(tenant, "") + "’ is no tenant's name; nothing was sent",
                    null);
        }
        return base.newBuilder()
                .addPathSegments("acs/t")
                .addPathSegment(tenant)
                .addPathSegments(path)
                .build();
    }

    private static TokenError classify(int status, String code, String message) {
        return code.equals("invalid_grant") || status == 401
                ? TokenError.API_TOKEN_REFUSED
                : TokenError.ofStatus(status);
    }
}
