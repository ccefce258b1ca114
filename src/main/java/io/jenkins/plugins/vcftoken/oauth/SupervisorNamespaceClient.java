package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.JsonNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import okhttp3.HttpUrl;

/**
 * Lists the Supervisor namespaces of an organization: {@code supervisornamespaces} of the <a
 * href="https://developer.broadcom.com/xapis/cci-api/latest/">Kubernetes API of VCF Automation 9</a>, in the chunks of
 * the <a href="https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks">
 * Kubernetes API</a>. The API rejects access tokens of the provider.
 */
public final class SupervisorNamespaceClient {

    private static final String GROUP = "cci/kubernetes/apis/infrastructure.cci.vmware.com";

    /** The version in VCF Automation 9.1. Other servers return their preferred version. */
    private static final String VERSION = "v1alpha3";

    /** A namespace has a few KiB, and the response is limited to {@link AtMostOnceHttpClient#MAX_RESPONSE_BYTES}. */
    static final int PAGE_SIZE = 50;

    private static final int MAX_PAGES = 100;

    private final AtMostOnceHttpClient client;
    private final HttpUrl base;

    public SupervisorNamespaceClient(AtMostOnceHttpClient client, Account account) {
        this.client = client;
        this.base = account.base();
    }

    /**
     * Sends one or more requests; blocks.
     *
     * @param accessToken a valid access token of the organization
     * @return the namespaces that are ready, in the order of the server
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
        String continueToken = null;
        for (int page = 0; page < MAX_PAGES; page++) {
            TokenResponseParser response = get(accessToken, List.of(version, "supervisornamespaces"), continueToken);
            if (response.status() == 404 && page == 0) {
                version = preferredVersion(accessToken);
                response = get(accessToken, List.of(version, "supervisornamespaces"), continueToken);
            }
            JsonNode list = response.object();
            for (JsonNode item : list.path("items")) {
                SupervisorNamespace namespace = parseNamespace(item);
                if (namespace != null) {
                    namespaces.add(namespace);
                }
            }
            continueToken = TokenResponseParser.text(list.path("metadata"), "continue");
            if (continueToken == null) {
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

    private TokenResponseParser get(AccessToken accessToken, List<String> path, @CheckForNull String continueToken)
            throws TokenRequestException {
        HttpUrl.Builder url = base.newBuilder().addPathSegments(GROUP);
        path.forEach(url::addPathSegment);
        if (!path.isEmpty()) {
            url.addQueryParameter("limit", String.valueOf(PAGE_SIZE));
        }
        if (continueToken != null) {
            url.addQueryParameter("continue", continueToken);
        }
        return new TokenResponseParser(
                client.get(url.build(), Map.of("Authorization", "Bearer " + accessToken.value())),
                accessToken.value(),
                (status, code, message) -> TokenErrorType.ofStatus(status));
    }

    /** @return null if the namespace is not ready */
    @CheckForNull
    private SupervisorNamespace parseNamespace(JsonNode item) {
        String name = TokenResponseParser.text(item.path("metadata"), "name");
        String project = TokenResponseParser.text(item.path("metadata"), "namespace");
        String endpoint = TokenResponseParser.text(item.path("status"), "namespaceEndpointURL");
        HttpUrl url = endpoint == null ? null : base.resolve(endpoint);
        if (name == null || project == null || url == null || !isReady(item.path("status"))) {
            return null;
        }
        // Only the path is used, so that the access token is not sent to another server.
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
