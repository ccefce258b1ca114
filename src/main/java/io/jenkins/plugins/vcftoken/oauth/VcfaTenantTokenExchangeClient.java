package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.JsonNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.util.List;
import java.util.Map;

/**
 * Requests an access token for an organization with an access token of the provider: {@code /oidc/oauth2/token} of VCF
 * Automation 9, as the relying party that VCF Automation registers for itself.
 *
 * <p>The secret in the request is an access token of the provider instead of a stored secret, and does not rotate.
 */
public final class VcfaTenantTokenExchangeClient extends AbstractTokenClient {

    /** Name of VCF Automation as a relying party of its own identity provider. */
    static final String RELYING_PARTY = "automation-relying-party";

    private static final String SCOPE = "openid profile email phone groups vcd_idp";

    /** @param account its organization is a name, not an ID */
    public VcfaTenantTokenExchangeClient(AtMostOnceHttpClient client, Account account) {
        super(client, account, false);
    }

    @CheckForNull
    @Override
    public String warning(AccessToken accessToken) {
        return VcfaTokenClient.organizationWarning(account().organization(), accessToken);
    }

    @Override
    public TokenResponse requestToken(String providerToken) throws TokenRequestException {
        CloudApiQueryClient cloudApi =
                new CloudApiQueryClient(client, base, providerToken, TokenErrorType.PROVIDER_TOKEN_REJECTED);
        JsonNode party = cloudApi.find(
                List.of("openIdProvider", "relyingParties"),
                item -> RELYING_PARTY.equals(TokenResponseParser.text(item, "clientName"))
                        || RELYING_PARTY.equals(TokenResponseParser.text(item, "name")));
        String clientId = party == null ? null : TokenResponseParser.text(party, "clientId");
        if (clientId == null) {
            throw new TokenRequestException.Rejected(
                    TokenErrorType.TOKEN_ENDPOINT_NOT_FOUND,
                    "no relying party ‘" + RELYING_PARTY + "’ is registered there");
        }
        JsonNode organization = cloudApi.find(
                List.of("orgs"),
                item -> account().organization().equalsIgnoreCase(TokenResponseParser.text(item, "name")));
        String id = organization == null ? null : TokenResponseParser.text(organization, "id");
        if (id == null) {
            throw new TokenRequestException.Rejected(
                    TokenErrorType.WRONG_ORGANIZATION,
                    "no organization ‘" + account().organization() + "’ among those that the provider's account sees");
        }
        return requestTenantToken(providerToken, clientId, VcfaTokenClient.removeUrnPrefix(id), cloudApi.accept());
    }

    private TokenResponse requestTenantToken(
            String providerToken, String clientId, String organizationId, String accept) throws TokenRequestException {
        Map<String, String> form = Map.of(
                "grant_type",
                "urn:ietf:params:oauth:grant-type:jwt-bearer",
                "client_id",
                clientId,
                "scope",
                SCOPE,
                "assertion",
                providerToken);
        Map<String, String> headers = Map.of("Accept", accept, "x-vmware-vcloud-tenant-context", organizationId);
        TokenResponse response = new TokenResponseParser(
                        client.postForm(url("oidc/oauth2/token"), form, headers),
                        providerToken,
                        VcfaTenantTokenExchangeClient::classify)
                .response();
        return new TokenResponse(response.accessToken(), null);
    }

    /** The organization exists, so a rejection means that the provider account has no role in it. */
    private static TokenErrorType classify(int status, String code, String message) {
        return status == 400 || status == 401 || status == 403
                ? TokenErrorType.WRONG_ORGANIZATION
                : TokenErrorType.ofStatus(status);
    }
}
