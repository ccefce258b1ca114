package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/**
 * Requests access tokens of a service of the fleet from VCF Operations 9.1, with an access token of VCF SSO or of VCF
 * Operations: {@code POST /suite-api/api/auth/token/exchange} of the <a
 * href="https://developer.broadcom.com/xapis/vcf-operations-api/latest/">vendor's document</a>. The response has a JWT
 * for the service alone, which has no session.
 */
public final class FleetServiceTokenClient extends AbstractTokenClient {

    /**
     * From recordings: the JWT ends 35 minutes after the access token was issued that it was requested with, whose own
     * lifetime is half an hour by default and up to eight hours.
     */
    private static final Duration LONGEST_AGE_OF_SSO_TOKEN = Duration.ofMinutes(10);

    /** What VCF Operations wants before an access token of VCF SSO. */
    public static final String SSO_SCHEME = "Bearer";

    private final String scheme;
    private final String serviceKey;

    /**
     * @param account of VCF Operations; its name tells apart the services
     * @param scheme {@link #SSO_SCHEME} for access tokens of VCF SSO, {@link VcfOperationsTokenClient#SCHEME} for those
     *     of VCF Operations
     */
    public FleetServiceTokenClient(OneShotHttpClient client, Account account, String scheme, String serviceKey) {
        super(client, account, false);
        this.scheme = scheme;
        this.serviceKey = serviceKey;
    }

    @Override
    public Duration longestParentAge() {
        return scheme.equals(SSO_SCHEME) ? LONGEST_AGE_OF_SSO_TOKEN : super.longestParentAge();
    }

    @Override
    public TokenResponse requestToken(String parentToken) throws TokenRequestException {
        ObjectNode wanted = JsonNodeFactory.instance.objectNode();
        wanted.putArray("serviceKeys").add(serviceKey);
        TokenResponseParser response = new TokenResponseParser(
                client.sendJson(
                        "POST",
                        url("suite-api/api/auth/token/exchange"),
                        wanted,
                        Map.of("Authorization", scheme + ' ' + parentToken)),
                parentToken,
                FleetServiceTokenClient::classify);
        String jwt = TokenResponseParser.text(response.object(), "jwtToken");
        Instant expiry = jwt == null ? null : JwtClaims.of(jwt).expiry();
        // Not the lifetime of the claims: it counts from when the access token was issued.
        JsonNode expiresAt = expiry == null ? MissingNode.getInstance() : LongNode.valueOf(expiry.toEpochMilli());
        return new TokenResponse(response.accessTokenUntil(jwt, expiresAt), null);
    }

    private static TokenError classify(int status, String code, String message) {
        return switch (status) {
            case 401 -> TokenError.PARENT_TOKEN_REFUSED;
            case 400 -> TokenError.UNKNOWN_SERVICE_KEY;
            default -> TokenError.ofStatus(status);
        };
    }
}
