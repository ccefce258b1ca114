package io.jenkins.plugins.vcftoken.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.util.ArrayList;
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

    /** Newest first. The numbers jumped from 40.0 to 9.0.0. */
    static final List<String> API_VERSIONS = List.of("9.1.0", "9.0.0", "40.0");

    private static final String SCOPE = "openid profile email phone groups vcd_idp";
    private static final int PAGE_SIZE = 100;
    private static final int MAX_PAGES = 1_000;

    private final TokenClient client;
    private final Endpoint endpoint;
    private final HttpUrl base;
    private final Bearer provider;

    /**
     * @param endpoint its organization is the name of the one wanted
     * @param provider pays
     */
    public VcfaOrganizationToken(TokenClient client, Endpoint endpoint, Bearer provider) {
        this.client = client;
        this.endpoint = endpoint;
        this.base = HttpUrl.get(endpoint.url().toString());
        this.provider = provider;
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
        JsonNode organization =
                find(List.of("orgs"), item -> endpoint.organization().equals(ServerAnswer.text(item, "name")));
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
                Map.of("Accept", accept(version()), "x-vmware-vcloud-tenant-context", organizationId);
        TokenClient.Answer answer = client.postForm(url, form, headers);
        Grant grant = new OAuthAnswer(answer, provider.value(), VcfaOrganizationToken::boughtMeaning).grantOrFailure();
        return new Grant(grant.bearer(), null);
    }

    /** The first item of a paged list that matches, or null. */
    @CheckForNull
    private JsonNode find(List<String> path, Predicate<JsonNode> wanted) throws ExchangeException {
        for (int page = 1; page <= MAX_PAGES; page++) {
            ServerAnswer answer = list(path, page);
            JsonNode list = answer.object();
            JsonNode values = list.path("values");
            for (JsonNode item : values) {
                if (wanted.test(item)) {
                    return item;
                }
            }
            boolean last = list.path("pageCount").isNumber()
                    ? page >= list.path("pageCount").asInt()
                    : values.size() == 0;
            if (last) {
                return null;
            }
        }
        return null;
    }

    /** Tries other versions and places where the server knows none of what is tried first; remembers what it knew. */
    private ServerAnswer list(List<String> path, int page) throws ExchangeException {
        HostFacts hosts = client.hosts();
        ServerAnswer answer = null;
        for (String version : versions()) {
            answer = list(hosts.isBehindTm(base), version, path, page);
            if (answer.status() == 404 || answer.status() == 405) {
                ServerAnswer elsewhere = list(!hosts.isBehindTm(base), version, path, page);
                if (elsewhere.isSuccess()) {
                    hosts.setBehindTm(base, !hosts.isBehindTm(base));
                    answer = elsewhere;
                }
            }
            if (answer.isSuccess()) {
                hosts.setApiVersion(base, version);
                return answer;
            }
            if (answer.status() != 406 && answer.status() != 400) {
                break;
            }
        }
        throw answer.failure(VcfaOrganizationToken::meaning);
    }

    private ServerAnswer list(boolean behindTm, String version, List<String> path, int page) throws ExchangeException {
        HttpUrl.Builder url = base.newBuilder();
        if (behindTm) {
            url.addPathSegment("tm");
        }
        url.addPathSegments("cloudapi/1.0.0");
        path.forEach(url::addPathSegment);
        url.addQueryParameter("page", String.valueOf(page));
        url.addQueryParameter("pageSize", String.valueOf(PAGE_SIZE));
        Map<String, String> headers = Map.of("Accept", accept(version), "Authorization", "Bearer " + provider.value());
        return new ServerAnswer(client.get(url.build(), headers), provider.value());
    }

    private List<String> versions() {
        List<String> versions = new ArrayList<>(API_VERSIONS);
        String known = client.hosts().apiVersion(base);
        if (known != null) {
            versions.remove(known);
            versions.add(0, known);
        }
        return versions;
    }

    private String version() {
        return versions().get(0);
    }

    private static String accept(String version) {
        return "application/json;version=" + version;
    }

    private static Problem meaning(int status, String code, String message) {
        return switch (status) {
            case 401, 403 -> Problem.FORBIDDEN;
            case 404, 405 -> Problem.NO_SUCH_SERVICE;
            default -> Problem.REJECTED;
        };
    }

    /** Whatever is wrong with an organization that was found is the account's part in it. */
    private static Problem boughtMeaning(int status, String code, String message) {
        return status == 400 || status == 401 || status == 403
                ? Problem.WRONG_ORGANIZATION
                : meaning(status, code, message);
    }
}
