package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Instant;
import java.util.Map;
import java.util.regex.Pattern;
import okhttp3.HttpUrl;

/**
 * Refresh token grant of VCF Automation 9 and VMware Cloud Director, for service accounts and users' API tokens, and
 * device flow (<a href="https://www.rfc-editor.org/rfc/rfc8628">RFC 8628</a>) for service accounts.
 *
 * <p>{@code POST /oauth/provider/token} or {@code /oauth/tenant/ORG/token} with only {@code grant_type} and {@code
 * refresh_token}: no client ID, no version in {@code Accept}. The vendor's documents have the path with the prefix
 * {@code /tm}; that path is tried if there is no token endpoint at the path without it.
 */
public final class VcfaTokenClient extends AbstractTokenClient {

    public static final String SYSTEM = "VCF Automation";

    /** The provider organization, which manages all other organizations. */
    public static final String PROVIDER = "System";

    private static final Pattern INVALID_SEGMENT = Pattern.compile("\\.{1,2}|(?s:.*[/\\\\\\p{Cntrl}].*)");

    private static final String URN = "urn:vcloud:org:";

    private final String clientId;

    public VcfaTokenClient(AtMostOnceHttpClient client, Account account) {
        this(client, account, "");
    }

    /** @param clientId of the account or API token, for the device flow or to find the expiry; empty if unknown */
    public VcfaTokenClient(AtMostOnceHttpClient client, Account account, String clientId) {
        super(client, account, true);
        this.clientId = clientId;
    }

    /**
     * Sends one POST request. A second one, to the other path, is sent only after 404 or 405 without an OAuth error,
     * when no token endpoint has read the token; never after a lost response.
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
     * Requests codes for the device flow of the client ID. Codes of earlier requests stay valid.
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

    /** Polls once. The response to an approved request is the only copy of the refresh token. */
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

    /** For API tokens of users; refresh tokens of service accounts do not expire. */
    @CheckForNull
    @Override
    public Instant secretExpiry(String refreshToken, @CheckForNull AccessToken accessToken)
            throws TokenRequestException {
        return accessToken == null
                ? null
                : new CloudApiQueryClient(client, base, accessToken.value(), TokenErrorType.FORBIDDEN)
                        .apiTokenExpiry(clientId, accessToken.issuedAt());
    }

    /** The server issues access tokens for all organizations, so a valid one may be for another organization. */
    @CheckForNull
    @Override
    public String warning(AccessToken accessToken) {
        return organizationWarning(account().organization(), accessToken);
    }

    /**
     * Sends a POST request to an OAuth endpoint of the organization, at the path with or without {@code /tm}: first the
     * remembered one, then the other one if there is no endpoint.
     *
     * @param secret the secret in the form, which is removed from messages
     * @throws TokenRequestException if there is no response, or the organization name is not a single path segment
     */
    private TokenResponseParser post(
            String endpoint, Map<String, String> form, String secret, TokenResponseParser.ErrorClassifier classifier)
            throws TokenRequestException {
        boolean behindTm = client.capabilities().isBehindTm(base);
        HttpUrl first = endpointUrl(behindTm, endpoint);
        TokenResponseParser response = new TokenResponseParser(client.postForm(first, form), secret, classifier);
        if (response.isTokenEndpointMissing()) {
            HttpUrl second = endpointUrl(!behindTm, endpoint);
            TokenResponseParser other = new TokenResponseParser(client.postForm(second, form), secret, classifier);
            if (!other.isTokenEndpointMissing()) {
                client.capabilities().setBehindTm(base, !behindTm);
                return other;
            }
        }
        return response;
    }

    private HttpUrl endpointUrl(boolean behindTm, String endpoint) throws TokenRequestException {
        String organization = account().organization();
        if (!isValidOrganizationName(organization)) {
            throw new TokenRequestException.NotSent(
                    TokenErrorType.WRONG_ORGANIZATION,
                    "‘" + SecretRedactor.redact(organization, "") + "’ is not an organization name; nothing was sent",
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

    static TokenErrorType classify(int status, String code, String message) {
        return code.equals("invalid_grant") ? TokenErrorType.REFRESH_TOKEN_REJECTED : TokenErrorType.ofStatus(status);
    }

    private static TokenErrorType classifyDeviceFlow(int status, String code, String message) {
        return code.equals("invalid_client") || status == 401
                ? TokenErrorType.UNKNOWN_CLIENT
                : TokenErrorType.ofStatus(status);
    }

    /**
     * Whether a name is a single path segment: not {@code .} or {@code ..}, which clients resolve, and without slashes.
     * Applies to encoded characters as well, because proxies decode paths, some of them twice.
     */
    public static boolean isValidOrganizationName(String name) {
        String decoded = name.replaceAll("(?i)%(25)*2e", ".").replaceAll("(?i)%(25)*(2f|5c)", "/");
        return !INVALID_SEGMENT.matcher(decoded).matches();
    }

    /** @return {@link #PROVIDER} for that name in any case; other names unchanged */
    public static String canonicalOrganization(String organization) {
        return organization.equalsIgnoreCase(PROVIDER) ? PROVIDER : organization;
    }

    /** Removes the URN prefix, which some responses contain, for the tenant context header. */
    static String removeUrnPrefix(String id) {
        return id.startsWith(URN) ? id.substring(URN.length()) : id;
    }

    /**
     * Compares the organization in an access token with the expected one.
     *
     * @param expected name or ID
     * @return a warning if they are different; null if they are the same, or the access token has no organization
     */
    @CheckForNull
    static String organizationWarning(String expected, AccessToken accessToken) {
        JwtClaims claims = JwtClaims.of(accessToken.value());
        String name = claims.text("org_name");
        if (name == null || name.equalsIgnoreCase(expected)) {
            return null;
        }
        String id = claims.text("org_id");
        if (id != null && removeUrnPrefix(id).equalsIgnoreCase(removeUrnPrefix(expected))) {
            return null;
        }
        return "The access token is for the organization ‘" + SecretRedactor.redact(name, "") + "’, and not for ‘"
                + expected + "’ as the credential says.";
    }
}
