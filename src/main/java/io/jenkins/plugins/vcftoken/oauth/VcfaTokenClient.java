package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Instant;
import java.util.Map;
import java.util.regex.Pattern;
import okhttp3.HttpUrl;

/**
 * The refresh grant of VCF Automation 9 and VMware Cloud Director, for service accounts and users' API tokens, and the
 * device flow (<a href="https://www.rfc-editor.org/rfc/rfc8628">RFC 8628</a>) of service accounts.
 *
 * <p>{@code POST /oauth/provider/token} or {@code /oauth/tenant/ORG/token} with only {@code grant_type} and
 * {@code refresh_token}: no client ID, no version in {@code Accept}. The vendor's pages print the path with {@code /tm}
 * before it; that path is tried where the response at the short one shows that there is no token endpoint.
 */
public final class VcfaTokenClient extends AbstractTokenClient {

    public static final String SYSTEM = "VCF Automation";

    /** The organization of the provider, which administers the others. */
    public static final String PROVIDER = "System";

    private static final Pattern NO_SEGMENT = Pattern.compile("\\.{1,2}|(?s:.*[/\\\\\\p{Cntrl}].*)");

    private static final String URN = "urn:vcloud:org:";

    private final String clientId;

    public VcfaTokenClient(OneShotHttpClient client, Account account) {
        this(client, account, "");
    }

    /**
     * @param clientId of the account or API token, for its device flow or to find its expiry; empty where it is not known
     */
    public VcfaTokenClient(OneShotHttpClient client, Account account, String clientId) {
        super(client, account, true);
        this.clientId = clientId;
    }

    /**
     * One POST. A second one, to the other path, follows only 404 or 405 without an error of OAuth: no token endpoint
     * has read the token then. It follows no lost response and no other one.
     */
    @Override
    public TokenResponse requestToken(String refreshToken) throws TokenRequestException {
        return post(
                        "token",
                        Map.of("grant_type", "refresh_token", "refresh_token", refreshToken),
                        refreshToken,
                        VcfaTokenClient::classify)
                .response();
    }

    public String clientId() {
        return clientId;
    }

    /**
     * Requests codes for the device flow of the client ID. A further request gives further codes, and the former ones
     * stay valid.
     */
    public DeviceAuthorizationResponse requestCodes() throws TokenRequestException {
        try {
            return DeviceAuthorizationResponse.of(post(
                    "device_authorization",
                    Map.of("client_id", clientId),
                    clientId,
                    VcfaTokenClient::classifyDeviceFlow));
        } catch (TokenRequestException e) {
            throw e.forNonRotatingSecret();
        }
    }

    /** Polls once. The response of an approved request is the only copy of the refresh token. */
    TokenResponseParser poll(DeviceAuthorizationResponse codes) throws TokenRequestException {
        Map<String, String> form = Map.of(
                "grant_type",
                "urn:ietf:params:oauth:grant-type:device_code",
                "client_id",
                clientId,
                "device_code",
                codes.deviceCode());
        return post("token", form, codes.deviceCode(), VcfaTokenClient::classifyDeviceFlow);
    }

    @Override
    public boolean expiryNeedsAccessToken() {
        return true;
    }

    /** Of users' API tokens; the tokens of service accounts do not expire. */
    @CheckForNull
    @Override
    public Instant secretExpiry(String refreshToken, @CheckForNull AccessToken accessToken)
            throws TokenRequestException {
        return accessToken == null
                ? null
                : new CloudApiClient(client, base, accessToken.value(), TokenError.FORBIDDEN)
                        .apiTokenExpiry(clientId, accessToken.issuedAt());
    }

    /** One server issues the access tokens of all organizations, so a valid one can be that of another organization. */
    @CheckForNull
    @Override
    public String warning(AccessToken accessToken) {
        return organizationWarning(account().organization(), accessToken);
    }

    /**
     * Posts to an OAuth endpoint of the account's organization, at the path with or without {@code /tm}: first at the
     * one that the server is known to have, then at the other if there is no endpoint.
     *
     * @param secret in the form, removed from messages
     * @throws TokenRequestException when no response arrived, or the organization's name would lead to another path
     */
    private TokenResponseParser post(
            String endpoint, Map<String, String> form, String secret, TokenResponseParser.ErrorClassifier classifier)
            throws TokenRequestException {
        boolean behindTm = client.capabilities().isBehindTm(base);
        HttpUrl first = endpointUrl(behindTm, endpoint);
        TokenResponseParser response = new TokenResponseParser(client.postForm(first, form), secret, classifier);
        if (response.isNoTokenEndpoint()) {
            HttpUrl second = endpointUrl(!behindTm, endpoint);
            TokenResponseParser other = new TokenResponseParser(client.postForm(second, form), secret, classifier);
            if (!other.isNoTokenEndpoint()) {
                client.capabilities().setBehindTm(base, !behindTm);
                return other;
            }
        }
        return response;
    }

    private HttpUrl endpointUrl(boolean behindTm, String endpoint) throws TokenRequestException {
        String organization = account().organization();
        if (!isOrganization(organization)) {
            throw new TokenRequestException.NotSent(
                    TokenError.WRONG_ORGANIZATION,
                    "‘" + SecretRedactor.redact(organization, "") + "’ is no organization's name; nothing was sent",
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
        return url.addPathSegment(endpoint).build();
    }

    static TokenError classify(int status, String code, String message) {
        return code.equals("invalid_grant") ? TokenError.SPENT_OR_REVOKED : TokenError.ofStatus(status);
    }

    private static TokenError classifyDeviceFlow(int status, String code, String message) {
        return code.equals("invalid_client") || status == 401 ? TokenError.UNKNOWN_CLIENT : TokenError.ofStatus(status);
    }

    /**
     * Whether a name stays one segment of a path: not {@code .} or {@code ..}, which clients resolve, and without
     * slashes. Encoded characters count as the decoded ones, since proxies decode, some of them twice.
     */
    public static boolean isOrganization(String name) {
        String decoded = name.replaceAll("(?i)%(25)*2e", ".").replaceAll("(?i)%(25)*(2f|5c)", "/");
        return !NO_SEGMENT.matcher(decoded).matches();
    }

    /** {@link #PROVIDER} for that name in any case; other names as they are. */
    public static String canonicalOrganization(String organization) {
        return organization.equalsIgnoreCase(PROVIDER) ? PROVIDER : organization;
    }

    /**
     * The ID of an organization without the URN that some responses put before it, as the tenant context header wants
     * it.
     */
    static String bareOrganizationId(String id) {
        return id.startsWith(URN) ? id.substring(URN.length()) : id;
    }

    /**
     * Compares the organization in an access token with the wanted one.
     *
     * @param wanted name or ID
     * @return a warning if they differ; null if they are the same, or the access token does not say
     */
    @CheckForNull
    static String organizationWarning(String wanted, AccessToken accessToken) {
        JwtClaims claims = JwtClaims.of(accessToken.value());
        String name = claims.text("org_name");
        if (name == null || name.equalsIgnoreCase(wanted)) {
            return null;
        }
        String id = claims.text("org_id");
        if (id != null && bareOrganizationId(id).equalsIgnoreCase(bareOrganizationId(wanted))) {
            return null;
        }
        return "The access token is for the organization ‘" + SecretRedactor.redact(name, "") + "’, and not for ‘"
                + wanted + "’ as the credential says.";
    }
}
