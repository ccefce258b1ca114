package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Instant;
import java.util.Map;
import java.util.regex.Pattern;
import okhttp3.HttpUrl;

/**
 * The refresh grant of VCF Automation 9 and VMware Cloud Director, for service accounts and users' API tokens alike.
 *
 * <p>{@code POST /oauth/provider/token} or {@code /oauth/tenant/ORG/token} with just {@code grant_type} and
 * {@code refresh_token}: no client ID, no versioned {@code Accept}. The vendor's own pages print the path with
 * {@code /tm} before it; that one is tried where the short one answers that there is no token endpoint.
 */
public final class VcfaTokenClient implements TokenEndpointClient {

    public static final String SYSTEM = "VCF Automation";

    /** The organization that administers the others. */
    public static final String PROVIDER = "System";

    private static final Pattern NO_SEGMENT = Pattern.compile("\\.{1,2}|(?s:.*[/\\\\\\p{Cntrl}].*)");

    private final OneShotHttpClient client;
    private final Account account;
    private final HttpUrl base;
    private final String clientId;

    /** @throws IllegalArgumentException when the endpoint's URL is no address of a server */
    public VcfaTokenClient(OneShotHttpClient client, Account account) {
        this(client, account, "");
    }

    /**
     * @param clientId of the account or token, by which the server knows when a token ends; empty where it is not known
     * @throws IllegalArgumentException when the endpoint's URL is no address of a server
     */
    public VcfaTokenClient(OneShotHttpClient client, Account account, String clientId) {
        this.client = client;
        this.account = account;
        this.base = account.base();
        this.clientId = clientId;
    }

    @Override
    public Account account() {
        return account;
    }

    /**
     * One POST; a second one, to the other path, only after the first was answered with 404 or 405 and without an error of
     * OAuth's. No token endpoint has seen the token then, so it cannot have been spent. A lost answer, or any other one, is
     * not followed by a second request.
     */
    @Override
    public TokenResponse requestToken(String refreshToken) throws TokenRequestException {
        ServerCapabilities hosts = client.hosts();
        boolean knownBehindTm = hosts.isBehindTm(base);
        TokenResponseParser answer = post(knownBehindTm, refreshToken);
        if (answer.isNoTokenEndpoint()) {
            TokenResponseParser second = post(!knownBehindTm, refreshToken);
            if (!second.isNoTokenEndpoint()) {
                hosts.setBehindTm(base, !knownBehindTm);
                answer = second;
            }
        }
        return answer.grantOrFailure();
    }

    @Override
    public boolean tellsAccessTokensOnly() {
        return true;
    }

    /** Of users' API tokens. Those of service accounts do not end. */
    @CheckForNull
    @Override
    public Instant secretExpiry(AccessToken accessToken) throws TokenRequestException {
        return new VcfaApiTokenExpiryClient(client, base, clientId).expiry(accessToken);
    }

    /** One server answers for all organizations, so an access token may work and still be another organization's. */
    @Override
    public String warning(AccessToken accessToken) {
        return OrganizationCheck.warning(account.organization(), accessToken);
    }

    private TokenResponseParser post(boolean behindTm, String refreshToken) throws TokenRequestException {
        HttpUrl url = url(base, account.organization(), behindTm, "token");
        return new TokenResponseParser(
                client.postForm(url, Map.of("grant_type", "refresh_token", "refresh_token", refreshToken)),
                refreshToken);
    }

    /**
     * The path of one of an organization's OAuth endpoints.
     *
     * @throws TokenRequestException when the organization's name would lead to another path
     */
    static HttpUrl url(HttpUrl base, String organization, boolean behindTm, String what) throws TokenRequestException {
        if (!isOrganization(organization)) {
            throw new TokenRequestException.NotSent(
                    TokenError.WRONG_ORGANIZATION,
                    "'" + SecretRedactor.redact(organization, "") + "' is no organization's name; nothing was sent",
                    null);
        }
        HttpUrl.Builder url = base.newBuilder();
        if (behindTm) {
            url.addPathSegment("tm");
        }
        url.addPathSegment("oauth");
        if (canonicalOrganization(organization).equals(PROVIDER)) {
            url.addPathSegment("provider");
        } else {
            url.addPathSegment("tenant").addPathSegment(organization);
        }
        return url.addPathSegment(what).build();
    }

    /**
     * Whether a name stays what it is as one segment of a path: not {@code .} or {@code ..}, which a client resolves, and
     * without slashes. What is encoded counts as what it stands for, since proxies decode, some of them twice.
     */
    public static boolean isOrganization(String name) {
        String decoded = name.replaceAll("(?i)%(25)*2e", ".").replaceAll("(?i)%(25)*(2f|5c)", "/");
        return !NO_SEGMENT.matcher(decoded).matches();
    }

    /** The provider's own organization is called System, in any case of letters; other names count as written. */
    public static String canonicalOrganization(String organization) {
        return organization.equalsIgnoreCase(PROVIDER) ? PROVIDER : organization;
    }
}
