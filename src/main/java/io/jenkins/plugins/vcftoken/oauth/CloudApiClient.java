package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import okhttp3.HttpUrl;

/** Lists of VCF Automation's cloud API, which wants an access token and a version, and gives a page at a time. */
final class CloudApiClient {

    /** Newest first. The numbers jumped from 40.0 to 9.0.0. */
    static final List<String> API_VERSIONS = List.of("9.1.0", "9.0.0", "40.0");

    private final OneShotHttpClient client;
    private final HttpUrl base;
    private final AccessToken accessToken;
    private final TokenError unauthorized;

    /** @param unauthorized what it means when the server answers 401 to the access token */
    CloudApiClient(OneShotHttpClient client, HttpUrl base, AccessToken accessToken, TokenError unauthorized) {
        this.client = client;
        this.base = base;
        this.accessToken = accessToken;
        this.unauthorized = unauthorized;
    }

    /**
     * Tries other versions and places where the server knows none of what is tried first; remembers what it knew.
     *
     * @param page counted from 1
     */
    JsonNode page(List<String> path, Map<String, String> query, int page) throws TokenRequestException {
        ServerCapabilities hosts = client.hosts();
        HttpResponseParser answer = null;
        for (String version : versions()) {
            answer = get(hosts.isApiBehindTm(base), version, path, query, page);
            if (answer.status() == 404 || answer.status() == 405) {
                HttpResponseParser elsewhere = get(!hosts.isApiBehindTm(base), version, path, query, page);
                if (elsewhere.isSuccess()) {
                    hosts.setApiBehindTm(base, !hosts.isApiBehindTm(base));
                    answer = elsewhere;
                }
            }
            if (answer.isSuccess()) {
                hosts.setApiVersion(base, version);
                return answer.object();
            }
            if (answer.status() != 406 && answer.status() != 400) {
                break;
            }
        }
        throw answer.failure((status, code, message) -> status == 401 ? unauthorized : classify(status, code, message));
    }

    /** Whether nothing follows a page. */
    static boolean isLast(JsonNode list, int page) {
        return list.path("pageCount").isNumber()
                ? page >= list.path("pageCount").asInt()
                : list.path("values").size() == 0;
    }

    /** The {@code Accept} header that was understood last, or is tried first. */
    String accept() {
        return accept(versions().get(0));
    }

    private HttpResponseParser get(
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
        return new HttpResponseParser(client.get(url.build(), headers), accessToken.value());
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

    private static String accept(String version) {
        return "application/json;version=" + version;
    }

    static TokenError classify(int status, String code, String message) {
        return switch (status) {
            case 401, 403 -> TokenError.FORBIDDEN;
            case 404, 405 -> TokenError.NO_SUCH_SERVICE;
            default -> TokenError.REJECTED;
        };
    }
}
