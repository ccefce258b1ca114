package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import okhttp3.HttpUrl;

/**
 * Reads paged lists of VCF Automation's cloud API ({@code /cloudapi/1.0.0}), with an access token and a version in the
 * {@code Accept} header.
 */
final class CloudApiClient {

    /** Newest first. The numbers went from 40.0 to 9.0.0. */
    static final List<String> API_VERSIONS = List.of("9.1.0", "9.0.0", "40.0");

    private final OneShotHttpClient client;
    private final HttpUrl base;
    private final AccessToken accessToken;
    private final TokenError unauthorized;

    /** @param unauthorized what 401 means */
    CloudApiClient(OneShotHttpClient client, HttpUrl base, AccessToken accessToken, TokenError unauthorized) {
        this.client = client;
        this.base = base;
        this.accessToken = accessToken;
        this.unauthorized = unauthorized;
    }

    /**
     * Reads one page of a list. Tries the other path and older versions where the server does not know the first ones,
     * and remembers those that it knows.
     *
     * @param page counted from 1
     */
    JsonNode page(List<String> path, Map<String, String> query, int page) throws TokenRequestException {
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

    /** Whether no page follows this one. */
    static boolean isLast(JsonNode list, int page) {
        return list.path("pageCount").isNumber()
                ? page >= list.path("pageCount").asInt()
                : list.path("values").size() == 0;
    }

    /** The {@code Accept} header with the version that the server accepted last, or the newest. */
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
        Map<String, String> headers =
                Map.of("Accept", accept(version), "Authorization", "Bearer " + accessToken.value());
        return new TokenResponseParser(
                client.get(url.build(), headers),
                accessToken.value(),
                (status, code, message) -> status == 401 ? unauthorized : TokenError.ofStatus(status));
    }

    private List<String> versions() {
        List<String> versions = new ArrayList<>(API_VERSIONS);
        String known = client.capabilities().apiVersion(base);
        if (known != null) {
            versions.remove(known);
            versions.add(0, known);
        }
        return versions;
    }

    private static String accept(String version) {
        return "application/json;version=" + version;
    }
}
