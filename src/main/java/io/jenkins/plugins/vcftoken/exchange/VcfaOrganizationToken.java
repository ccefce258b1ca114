package io.jenkins.plugins.vcftoken.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import okhttp3.HttpUrl;

/**
 * A bearer of one organization, bought with a bearer of the provider: {@code /oidc/oauth2/token} of VCF Automation 9,
 * in the name of the relying party that VCF Automation itself is.
 *
 * <p>Nothing here rotates. The stored secret is not sent; what is sent is the provider's bearer.
 */
public final class VcfaOrganizationToken implements TokenService {

    /** Under this name VCF Automation registers itself with its own identity provider. */
    static final String RELYING_PARTY = "automation-relying-party";

    private static final String SCOPE = "openid profile email phone groups vcd_idp";
    private static final int PAGE_SIZE = 100;
    private static final int MAX_PAGES = 1_000;

    private final TokenClient client;
    private final Endpoint endpoint;
    private final HttpUrl base;
    private final Bearer provider;
    private final CloudApiLists lists;

    /**
     * @param endpoint its organization is the name of the one wanted
     * @param provider pays
     */
    public VcfaOrganizationToken(TokenClient client, Endpoint endpoint, Bearer provider) {
        this.client = client;
        this.endpoint = endpoint;
        this.base = endpoint.base();
        this.provider = provider;
        this.lists = new CloudApiLists(client, base, provider, Problem.PROVIDER_TOKEN_REFUSED);
    }

    @Override
    public Endpoint endpoint() {
        return endpoint;
    }

    @Override
    public boolean rotates() {
        return false;
    }

    @Override
    public String doubt(Bearer bearer) {
        return Organizations.doubt(endpoint.organization(), bearer);
    }

    @Override
    public Grant exchange(String unused) throws ExchangeException {
        JsonNode party = find(
                List.of("openIdProvider", "relyingParties"),
                item -> RELYING_PARTY.equals(ServerAnswer.text(item, "clientName"))
                        || RELYING_PARTY.equals(ServerAnswer.text(item, "name")));
        String clientId = party == null ? null : ServerAnswer.text(party, "clientId");
        if (clientId == null) {
            throw new ExchangeException.Refused(
                    Problem.NO_SUCH_SERVICE, "no relying party '" + RELYING_PARTY + "' is registered there");
        }
        JsonNode organization = find(
                List.of("orgs"), item -> endpoint.organization().equalsIgnoreCase(ServerAnswer.text(item, "name")));
        String id = organization == null ? null : ServerAnswer.text(organization, "id");
        if (id == null) {
            throw new ExchangeException.Refused(
                    Problem.WRONG_ORGANIZATION,
                    "no organization '" + endpoint.organization() + "' among those that the provider's account sees");
        }
        return buy(clientId, Organizations.bareId(id));
    }

    private Grant buy(String clientId, String organizationId) throws ExchangeException {
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
        TokenClient.Answer answer = client.postForm(url, form, headers);
        Grant grant = new OAuthAnswer(answer, provider.value(), VcfaOrganizationToken::boughtMeaning).grantOrFailure();
        return new Grant(grant.bearer(), null);
    }

    /** The first item of a paged list that matches, or null. */
    @CheckForNull
    private JsonNode find(List<String> path, Predicate<JsonNode> wanted) throws ExchangeException {
        for (int page = 1; page <= MAX_PAGES; page++) {
            JsonNode list = lists.page(path, Map.of("pageSize", String.valueOf(PAGE_SIZE)), page);
            for (JsonNode item : list.path("values")) {
                if (wanted.test(item)) {
                    return item;
                }
            }
            if (CloudApiLists.isLast(list, page)) {
                return null;
            }
        }
        return null;
    }

    /** Whatever is wrong with an organization that was found is the account's part in it. */
    private static Problem boughtMeaning(int status, String code, String message) {
        return status == 400 || status == 401 || status == 403
                ? Problem.WRONG_ORGANIZATION
                : CloudApiLists.meaning(status, code, message);
    }
}
