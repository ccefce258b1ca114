package io.jenkins.plugins.vcftoken.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import okhttp3.HttpUrl;

/** Lists of VCF Automation's cloud API, which wants a bearer and a version, and gives a page at a time. */
final class CloudApiLists {

    /** Newest first. The numbers jumped from 40.0 to 9.0.0. */
    static final List<String> API_VERSIONS = List.of("9.1.0", "9.0.0", "40.0");

    private final TokenClient client;
    private final HttpUrl base;
    private final Bearer bearer;
    private final Problem unauthorized;

    /** @param unauthorized what it means when the server answers 401 to the access token */
    CloudApiLists(TokenClient client, HttpUrl base, Bearer bearer, Problem unauthorized) {
        this.client = client;
        this.base = base;
        this.bearer = bearer;
        this.unauthorized = unauthorized;
    }

    /**
     * Tries other versions and places where the server knows none of what is tried first; remembers what it knew.
     *
     * @param page counted from 1
     */
    JsonNode page(List<String> path, Map<String, String> query, int page) throws ExchangeException {
        HostFacts hosts = client.hosts();
        ServerAnswer answer = null;
        for (String version : versions()) {
            answer = get(hosts.isApiBehindTm(base), version, path, query, page);
            if (answer.status() == 404 || answer.status() == 405) {
                ServerAnswer elsewhere = get(!hosts.isApiBehindTm(base), version, path, query, page);
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
        throw answer.failure((status, code, message) -> status == 401 ? unauthorized : meaning(status, code, message));
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

    private ServerAnswer get(boolean behindTm, String version, List<String> path, Map<String, String> query, int page)
            throws ExchangeException {
        HttpUrl.Builder url = base.newBuilder();
        if (behindTm) {
            url.addPathSegment("tm");
        }
        url.addPathSegments("cloudapi/1.0.0");
        path.forEach(url::addPathSegment);
        url.addQueryParameter("page", String.valueOf(page));
        query.forEach(url::addQueryParameter);
        Map<String, String> headers = Map.of("Accept", accept(version), "Authorization", "Bearer " + bearer.value());
        return new ServerAnswer(client.get(url.build(), headers), bearer.value());
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

    static Problem meaning(int status, String code, String message) {
        return switch (status) {
            case 401, 403 -> Problem.FORBIDDEN;
            case 404, 405 -> Problem.NO_SUCH_SERVICE;
            default -> Problem.REJECTED;
        };
    }
}
