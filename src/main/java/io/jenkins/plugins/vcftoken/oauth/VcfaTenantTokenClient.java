package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.JsonNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import okhttp3.HttpUrl;

/**
 * An access token of one organization, bought with an access token of the provider: {@code /oidc/oauth2/token} of VCF Automation 9,
 * in the name of the relying party that VCF Automation itself is.
 *
 * <p>Nothing here rotates. The stored secret is not sent; what is sent is the provider's access token.
 */
public final class VcfaTenantTokenClient implements TokenEndpointClient {

    /** Under this name VCF Automation registers itself with its own identity provider. */
    static final String RELYING_PARTY = "automation-relying-party";

    private static final String SCOPE = "openid profile email phone groups vcd_idp";
    private static final int PAGE_SIZE = 100;
    private static final int MAX_PAGES = 1_000;

    private final OneShotHttpClient client;
    private final Account account;
    private final HttpUrl base;
    private final AccessToken provider;
    private final CloudApiClient lists;

    /**
     * @param account its organization is the name of the one wanted
     * @param provider pays
     */
    public VcfaTenantTokenClient(OneShotHttpClient client, Account account, AccessToken provider) {
        this.client = client;
        this.account = account;
        this.base = account.base();
        this.provider = provider;
        this.lists = new CloudApiClient(client, base, provider, TokenError.PROVIDER_TOKEN_REFUSED);
    }

    @Override
    public Account account() {
        return account;
    }

    @Override
    public boolean rotates() {
        return false;
    }

    @Override
    public String warning(AccessToken accessToken) {
        return OrganizationCheck.warning(account.organization(), accessToken);
    }

    @Override
    public TokenResponse requestToken(String unused) throws TokenRequestException {
        JsonNode party = find(
                List.of("openIdProvider", "relyingParties"),
                item -> RELYING_PARTY.equals(HttpResponseParser.text(item, "clientName"))
                        || RELYING_PARTY.equals(HttpResponseParser.text(item, "name")));
        String clientId = party == null ? null : HttpResponseParser.text(party, "clientId");
        if (clientId == null) {
            throw new TokenRequestException.Rejected(
                    TokenError.NO_SUCH_SERVICE, "no relying party '" + RELYING_PARTY + "' is registered there");
        }
        JsonNode organization = find(
                List.of("orgs"),
                item -> account.organization().equalsIgnoreCase(HttpResponseParser.text(item, "name")));
        String id = organization == null ? null : HttpResponseParser.text(organization, "id");
        if (id == null) {
            throw new TokenRequestException.Rejected(
                    TokenError.WRONG_ORGANIZATION,
                    "no organization '" + account.organization() + "' among those that the provider's account sees");
        }
        return buy(clientId, OrganizationCheck.bareId(id));
    }

    private TokenResponse buy(String clientId, String organizationId) throws TokenRequestException {
        HttpUrl url = base.newBuilder().addPathSegments("oidc/oauth2/token").build();
        Map<String, String> form = Map.of(
                "grant_type",
                "urn:ietf:params:oauth:grant-type:jwt-bearer",
                "client_id",
                clientId,
                "scope",
                SCOPE,
                "assertion",
                provider.value());
        Map<String, String> headers =
                Map.of("Accept", lists.accept(), "x-vmware-vcloud-tenant-context", organizationId);
        OneShotHttpClient.Answer answer = client.postForm(url, form, headers);
        TokenResponse response = new TokenResponseParser(answer, provider.value(), VcfaTenantTokenClient::boughtMeaning)
                .grantOrFailure();
        return new TokenResponse(response.accessToken(), null);
    }

    /** The first item of a paged list that matches, or null. */
    @CheckForNull
    private JsonNode find(List<String> path, Predicate<JsonNode> wanted) throws TokenRequestException {
        for (int page = 1; page <= MAX_PAGES; page++) {
            JsonNode list = lists.page(path, Map.of("pageSize", String.valueOf(PAGE_SIZE)), page);
            for (JsonNode item : list.path("values")) {
                if (wanted.test(item)) {
                    return item;
                }
            }
            if (CloudApiClient.isLast(list, page)) {
                return null;
            }
        }
        return null;
    }

    /** Whatever is wrong with an organization that was found is the account's part in it. */
    private static TokenError boughtMeaning(int status, String code, String message) {
        return status == 400 || status == 401 || status == 403
                ? TokenError.WRONG_ORGANIZATION
                : CloudApiClient.classify(status, code, message);
    }
}
