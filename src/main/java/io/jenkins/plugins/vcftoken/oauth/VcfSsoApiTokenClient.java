package io.jenkins.plugins.vcftoken.oauth;

import java.util.Map;
import okhttp3.HttpUrl;

/**
 * Requests access tokens with an API token of VCF SSO, at the Identity Broker of VCF 9.1 and newer. The
 * <a href="https://developer.broadcom.com/xapis/vmware-identity-broker/latest/acs/t/tenant/token/post">vendor's
 * document</a> has the path; the grant type and the response are from recordings. The server does not say when an API
 * token expires.
 */
public final class VcfSsoApiTokenClient extends AbstractTokenClient {

    public static final String SYSTEM = "VCF SSO";

    /** The only tenant of a broker that VCF installs. */
    public static final String DEFAULT_TENANT = "CUSTOMER";

    private static final String GRANT_TYPE = "urn:custom:vcf:params:oauth:grant-type:api-token";

    /**
     * @param account its organization is the tenant
     * @throws IllegalArgumentException when the address of the account is rejected by {@link Account#address}
     */
    public VcfSsoApiTokenClient(OneShotHttpClient client, Account account) {
        super(client, account, false);
    }

    @Override
    public TokenResponse requestToken(String apiToken) throws TokenRequestException {
        TokenResponseParser response = new TokenResponseParser(
                client.postForm(tokenUrl(), Map.of("grant_type", GRANT_TYPE, "api_token", apiToken)),
                apiToken,
                VcfSsoApiTokenClient::classify);
        if (response.status() == 500) {
            TokenRequestException failure = response.failure();
            throw failure.copy(TokenError.API_TOKEN_REFUSED_OR_SERVER_FAILED, failure.detail(), null);
        }
        // A refresh token in the response is not the successor of the API token.
        return new TokenResponse(response.response().accessToken(), null);
    }

    /** @throws TokenRequestException when the name of the tenant would lead to another path */
    private HttpUrl tokenUrl() throws TokenRequestException {
        String tenant = account().organization();
        if (!VcfaTokenClient.isOrganization(tenant)) {
            throw new TokenRequestException.NotSent(
                    TokenError.WRONG_ORGANIZATION,
                    "'" + SecretRedactor.redact(tenant, "") + "' is no tenant's name; nothing was sent",
                    null);
        }
        return base.newBuilder()
                .addPathSegments("acs/t")
                .addPathSegment(tenant)
                .addPathSegment("token")
                .build();
    }

    private static TokenError classify(int status, String code, String message) {
        return code.equals("invalid_grant") || status == 401
                ? TokenError.API_TOKEN_REFUSED
                : TokenError.ofStatus(status);
    }
}
