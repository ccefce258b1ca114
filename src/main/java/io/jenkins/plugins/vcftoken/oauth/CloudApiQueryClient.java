package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.JsonNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import okhttp3.HttpUrl;

/** Searches lists of the VCF Automation cloud API ({@code /cloudapi/1.0.0}). */
final class CloudApiQueryClient {

    /** Newest first; 9.0.0 follows 40.0. */
    static final List<String> API_VERSIONS = List.of("9.1.0", "9.0.0", "40.0");

    private static final int PAGE_SIZE = 100;
    private static final int MAX_PAGES = 1_000;

    private static final String REFRESH = "REFRESH";

    /** 128 is the maximum page size of the server. */
    private static final Map<String, String> REFRESH_TOKENS = Map.of("pageSize", "128", "filter", "type==" + REFRESH);

    /** About a thousand tokens; later tokens are not found. */
    static final int MAX_TOKEN_PAGES = 8;

    private static final String TOKEN_URN = "urn:vcloud:token:";

    private final AtMostOnceHttpClient client;
    private final HttpUrl base;
    private final String accessToken;
    private final TokenErrorType unauthorized;

    /** @param unauthorized the error for HTTP 401 */
    CloudApiQueryClient(AtMostOnceHttpClient client, HttpUrl base, String accessToken, TokenErrorType unauthorized) {
        this.client = client;
        this.base = base;
        this.accessToken = accessToken;
        this.unauthorized = unauthorized;
    }

    /** @return the first matching item of a list, or null */
    @CheckForNull
    JsonNode find(List<String> path, Predicate<JsonNode> filter) throws TokenRequestException {
        for (int page = 1; page <= MAX_PAGES; page++) {
            JsonNode list = page(path, Map.of("pageSize", String.valueOf(PAGE_SIZE)), page);
            for (JsonNode item : list.path("values")) {
                if (filter.test(item)) {
                    return item;
                }
            }
            if (isLastPage(list, page)) {
                return null;
            }
        }
        return null;
    }

    /**
     * Finds the expiry of the user's API token with which the access token was requested. An access token does not
     * identify its API token. If the client ID of the API token is known, its record has the ID {@code
     * urn:vcloud:token:} followed by the client ID. Otherwise, the record is the only refresh token in the list, if it
     * has the same owner as the access token. There is no result if the list has several, because a wrong date is worse
     * than none.
     *
     * @param clientId of the stored token; empty if unknown
     * @param issuedAt of the access token
     * @return null if the token does not expire, the expiry is unknown, or the match is ambiguous
     */
    @CheckForNull
    Instant apiTokenExpiry(String clientId, Instant issuedAt) throws TokenRequestException {
        if (client.capabilities().hasNoTokenList(base)) {
            return null;
        }
        try {
            JsonNode record = findApiToken(clientId);
            Instant expiry = record == null
                    ? null
                    : TokenResponseParser.parseTime(TokenResponseParser.text(record, "expirationTimeUtc"));
            // The server would not have issued this access token for an expired API token.
            return expiry != null && expiry.isAfter(issuedAt) && expiry.isBefore(TokenResponseParser.NEVER)
                    ? expiry
                    : null;
        } catch (TokenRequestException e) {
            if (e.errorType() == TokenErrorType.TOKEN_ENDPOINT_NOT_FOUND) {
                client.capabilities().setNoTokenList(base);
            }
            throw e.forNonRotatingSecret();
        }
    }

    @CheckForNull
    private JsonNode findApiToken(String clientId) throws TokenRequestException {
        JsonNode last = null;
        int count = 0;
        for (int page = 1; page <= MAX_TOKEN_PAGES; page++) {
            JsonNode list = page(List.of("tokens"), REFRESH_TOKENS, page);
            for (JsonNode token : list.path("values")) {
                if (REFRESH.equals(TokenResponseParser.text(token, "type"))) {
                    if (!clientId.isEmpty()
                            && (TOKEN_URN + clientId).equalsIgnoreCase(TokenResponseParser.text(token, "id"))) {
                        return token;
                    }
                    last = token;
                    count++;
                }
            }
            if (isLastPage(list, page)) {
                return clientId.isEmpty() && count == 1 && hasSameOwner(last) ? last : null;
            }
        }
        return null;
    }

    /** Compares the owner, and the organization if both have one. */
    private boolean hasSameOwner(JsonNode token) {
        JwtClaims claims = JwtClaims.of(accessToken);
        String owner = TokenResponseParser.text(token.path("owner"), "name");
        String organization = TokenResponseParser.text(token.path("org"), "name");
        return owner != null
                && owner.equalsIgnoreCase(claims.text("preferred_username"))
                && (organization == null || organization.equalsIgnoreCase(claims.text("org_name")));
    }

    /**
     * Reads one page of a list. If the server does not support the path or API version, tries the other path and older
     * versions, and remembers the supported ones.
     *
     * @param page 1-based
     */
    private JsonNode page(List<String> path, Map<String, String> query, int page) throws TokenRequestException {
        ServerCapabilities capabilities = client.capabilities();
        TokenResponseParser response = null;
        for (String version : versions()) {
            boolean behindTm = capabilities.isApiBehindTm(base);
            response = get(behindTm, version, path, query, page);
            if (response.status() == 404 || response.status() == 405) {
                TokenResponseParser other = get(!behindTm, version, path, query, page);
                if (other.isSuccess()) {
                    capabilities.setApiBehindTm(base, !behindTm);
                    response = other;
                }
            }
            if (response.isSuccess()) {
                capabilities.setApiVersion(base, version);
                return response.object();
            }
            if (response.status() != 406 && response.status() != 400) {
                break;
            }
        }
        throw response.failure();
    }

    private static boolean isLastPage(JsonNode list, int page) {
        return list.path("pageCount").isNumber()
                ? page >= list.path("pageCount").asInt()
                : list.path("values").size() == 0;
    }

    /** The {@code Accept} header with the version that the server accepted last, or with the newest one. */
    String accept() {
        return accept(versions().get(0));
    }

    private TokenResponseParser get(
            boolean behindTm, String version, List<String> path, Map<String, String> query, int page)
            throws TokenRequestException {
        HttpUrl.Builder url = base.newBuilder();
        if (behindTm) {
            url.addPathSegment("tm");
        }
        url.addPathSegments("cloudapi/1.0.0");
        path.forEach(url::addPathSegment);
        url.addQueryParameter("page", String.valueOf(page));
        query.forEach(url::addQueryParameter);
        Map<String, String> headers = Map.of("Accept", accept(version), "Authorization", "Bearer " + accessToken);
        return new TokenResponseParser(
                client.get(url.build(), headers),
                accessToken,
                (status, code, message) -> status == 401 ? unauthorized : TokenErrorType.ofStatus(status));
    }

    private List<String> versions() {
        List<String> versions = new ArrayList<>(API_VERSIONS);
        String lastAccepted = client.capabilities().apiVersion(base);
        if (lastAccepted != null) {
            versions.remove(lastAccepted);
            versions.add(0, lastAccepted);
        }
        return versions;
    }

    private static String accept(String version) {
        return "application/json;version=" + version;
    }
}
