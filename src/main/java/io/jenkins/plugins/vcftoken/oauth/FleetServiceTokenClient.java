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
 * Requests access tokens for a fleet service from VCF Operations 9.1, with an access token of VCF SSO or VCF
 * Operations: {@code POST /suite-api/api/auth/token/exchange} of the <a
 * href="https://developer.broadcom.com/xapis/vcf-operations-api/latest/">VCF Operations API</a>. The response contains
 * a JWT that is valid for this service only and has no session.
 */
public final class FleetServiceTokenClient extends AbstractTokenClient {

    /**
     * From recorded responses: the JWT expires 35 minutes after the parent token was issued. The lifetime of the parent
     * token is 30 minutes by default and at most 8 hours.
     */
    private static final Duration MAX_SSO_TOKEN_AGE = Duration.ofMinutes(10);

    /** Authentication scheme of VCF Operations for access tokens of VCF SSO. */
    public static final String SSO_SCHEME = "Bearer";

    private final String scheme;
    private final String serviceKey;

    /**
     * @param account the account in VCF Operations; its name includes the service
     * @param scheme {@link #SSO_SCHEME} for access tokens of VCF SSO, {@link VcfOperationsTokenClient#SCHEME} for those
     *     of VCF Operations
     */
    public FleetServiceTokenClient(AtMostOnceHttpClient client, Account account, String scheme, String serviceKey) {
        super(client, account, false);
        this.scheme = scheme;
        this.serviceKey = serviceKey;
    }

    @Override
    public Duration maxParentTokenAge() {
        return scheme.equals(SSO_SCHEME) ? MAX_SSO_TOKEN_AGE : super.maxParentTokenAge();
    }

    @Override
    public TokenResponse requestToken(String parentToken) throws TokenRequestException {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.putArray("serviceKeys").add(serviceKey);
        TokenResponseParser response = new TokenResponseParser(
                client.sendJson(
                        "POST",
                        url("suite-api/api/auth/token/exchange"),
                        body,
                        Map.of("Authorization", scheme + ' ' + parentToken)),
                parentToken,
                FleetServiceTokenClient::classify);
        String jwt = TokenResponseParser.text(response.object(), "jwtToken");
        Instant expiry = jwt == null ? null : JwtClaims.of(jwt).expiry();
        // The lifetime from iat to exp is too long: iat is the time when the parent token was issued.
        JsonNode expiresAt = expiry == null ? MissingNode.getInstance() : LongNode.valueOf(expiry.toEpochMilli());
        return new TokenResponse(response.accessTokenUntil(jwt, expiresAt), null);
    }

    private static TokenErrorType classify(int status, String code, String message) {
        return switch (status) {
            case 401 -> TokenErrorType.PARENT_TOKEN_REJECTED;
            case 400 -> TokenErrorType.UNKNOWN_SERVICE_KEY;
            default -> TokenErrorType.ofStatus(status);
        };
    }
}
