package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.JsonNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import okhttp3.HttpUrl;

/**
 * Lists the Supervisor namespaces of an organization: {@code supervisornamespaces} of the <a
 * href="https://developer.broadcom.com/xapis/cci-api/latest/">Kubernetes API of VCF Automation 9</a>, in the
 * chunks of the <a href="https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks">
 * Kubernetes API</a>. The API refuses access tokens of the provider.
 */
public final class SupervisorNamespaceClient {

    private static final String GROUP = "cci/kubernetes/apis/infrastructure.cci.vmware.com";

    /** Of VCF Automation 9.1. A server without it names the one that it prefers. */
    private static final String VERSION = "v1alpha3";

    /** One namespace has some KiB, and a response must not exceed {@link OneShotHttpClient#MAX_ANSWER_BYTES}. */
    static final int PAGE_SIZE = 50;

    private static final int MAX_PAGES = 100;

    private final OneShotHttpClient client;
    private final HttpUrl base;

    public SupervisorNamespaceClient(OneShotHttpClient client, Account account) {
        this.client = client;
        this.base = account.base();
    }

    /**
     * Sends at least one request; blocks.
     *
     * @param accessToken a valid access token of the organization
     * @return those that are ready, in the order of the server
     */
    public List<SupervisorNamespace> list(AccessToken accessToken) throws TokenRequestException {
        try {
            return list(accessToken, VERSION);
        } catch (TokenRequestException e) {
            throw e.forNonRotatingSecret();
        }
    }

    private List<SupervisorNamespace> list(AccessToken accessToken, String firstVersion) throws TokenRequestException {
        String version = firstVersion;
        List<SupervisorNamespace> namespaces = new ArrayList<>();
        String position = null;
        for (int page = 0; page < MAX_PAGES; page++) {
            TokenResponseParser response = get(accessToken, List.of(version, "supervisornamespaces"), position);
            if (response.status() == 404 && page == 0) {
                version = preferredVersion(accessToken);
                response = get(accessToken, List.of(version, "supervisornamespaces"), position);
            }
            JsonNode list = response.object();
            for (JsonNode item : list.path("items")) {
                SupervisorNamespace namespace = namespace(item);
                if (namespace != null) {
                    namespaces.add(namespace);
                }
            }
            position = TokenResponseParser.text(list.path("metadata"), "continue");
            if (position == null) {
                break;
            }
        }
        return namespaces;
    }

    private String preferredVersion(AccessToken accessToken) throws TokenRequestException {
        JsonNode group = get(accessToken, List.of(), null).object();
        String version = TokenResponseParser.text(group.path("preferredVersion"), "version");
        return version == null ? VERSION : version;
    }

    private TokenResponseParser get(AccessToken accessToken, List<String> path, @CheckForNull String position)
            throws TokenRequestException {
        HttpUrl.Builder url = base.newBuilder().addPathSegments(GROUP);
        path.forEach(url::addPathSegment);
        if (!path.isEmpty()) {
            url.addQueryParameter("limit", String.valueOf(PAGE_SIZE));
        }
        if (position != null) {
            url.addQueryParameter("continue", position);
        }
        return new TokenResponseParser(
                client.get(url.build(), Map.of("Authorization", "Bearer " + accessToken.value())),
                accessToken.value(),
                (status, code, message) -> TokenError.ofStatus(status));
    }

    /** Null for a namespace that is not ready. */
    @CheckForNull
    private SupervisorNamespace namespace(JsonNode item) {
        String name = TokenResponseParser.text(item.path("metadata"), "name");
        String project = TokenResponseParser.text(item.path("metadata"), "namespace");
        String endpoint = TokenResponseParser.text(item.path("status"), "namespaceEndpointURL");
        HttpUrl url = endpoint == null ? null : base.resolve(endpoint);
        if (name == null || project == null || url == null || !isReady(item.path("status"))) {
            return null;
        }
        // The path alone: an access token is sent to no other server than that of the account.
        HttpUrl own = base.newBuilder().encodedPath(url.encodedPath()).build();
        return new SupervisorNamespace(name, project, own.toString());
    }

    private static boolean isReady(JsonNode status) {
        for (JsonNode condition : status.path("conditions")) {
            if ("Ready".equalsIgnoreCase(TokenResponseParser.text(condition, "type"))) {
                return "True".equalsIgnoreCase(TokenResponseParser.text(condition, "status"));
            }
        }
        return false;
    }
}
