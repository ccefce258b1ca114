package io.jenkins.plugins.vcftoken.simulator;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** List of API tokens in VCF Automation. An access token can read only the API tokens of its own user. */
public final class ApiTokens implements ResourceApi {

    private static final String LIST = "/cloudapi/1.0.0/tokens";

    private final Simulator simulator;
    private final List<Listed> listed = new ArrayList<>();
    private volatile int maxPageSize = 128;
    private Reply fixed;
    private volatile int listRequests;

    ApiTokens(Simulator simulator) {
        this.simulator = simulator;
    }

    private record Listed(
            String owner,
            String organization,
            String clientId,
            @CheckForNull Instant expires) {

        String json() {
            return "{\"id\":\"urn:vcloud:token:" + clientId + "\",\"name\":\"of " + owner
                    + "\",\"token\":null,\"expirationTimeUtc\":"
                    + (expires == null ? "null" : "\"" + expires + "\"")
                    + ",\"requireRotation\":false,\"type\":\"REFRESH\",\"owner\":{\"name\":\"" + owner
                    + "\",\"id\":\"urn:vcloud:user:" + owner + "\"},\"org\":{\"name\":\"" + organization + "\"}}";
        }
    }

    // Configuration by tests

    /**
     * Adds a user with a non-rotating API token.
     *
     * @return the API token
     */
    public String addUser(String user, String organization, String clientId, @CheckForNull Instant expires) {
        synchronized (simulator) {
            String token = simulator.addAccount(user, organization);
            simulator.setRotation(user, false);
            list(user, organization, clientId, expires);
            return token;
        }
    }

    /** Adds an entry to the list without creating a token. */
    public void list(String owner, String organization, String clientId, @CheckForNull Instant expires) {
        synchronized (simulator) {
            listed.add(new Listed(owner, organization, clientId, expires));
        }
    }

    /** Sets the maximum page size, regardless of the {@code pageSize} parameter. */
    public void setCap(int maxPageSize) {
        this.maxPageSize = maxPageSize;
    }

    /** Sets a fixed response instead of the list. */
    public void setAnswer(int status, String body) {
        synchronized (simulator) {
            fixed = Reply.json(status, body);
        }
    }

    /** Number of pages requested. */
    public int listRequests() {
        return listRequests;
    }

    // Request handling

    @Override
    public boolean serves(String path) {
        return path.equals(LIST);
    }

    @Override
    @CheckForNull
    public String violation(Call call) {
        Map<String, String> parameters = call.parameters();
        if (!call.method().equals("GET")) {
            return "method " + call.method();
        }
        if (!parameters.keySet().equals(Set.of("page", "pageSize", "filter"))) {
            return "parameters " + parameters.keySet();
        }
        if (!parameters.get("pageSize").matches("[1-9]\\d?|1[01]\\d|12[0-8]")) {
            return "pageSize " + parameters.get("pageSize");
        }
        return parameters.get("filter").equals("type==REFRESH") ? null : "filter " + parameters.get("filter");
    }

    @Override
    public Reply answer(Call call) {
        listRequests++;
        if (!simulator.tenants().accepts(call)) {
            return Reply.json(406, "{\"minorErrorCode\":\"NOT_ACCEPTABLE\",\"message\":\"No\"}");
        }
        String accessToken = call.accessToken();
        if (!simulator.admitsUncounted(accessToken, simulator.organizationOf(accessToken))) {
            return Reply.json(401, "");
        }
        if (fixed != null) {
            return fixed;
        }
        List<String> own = listed.stream()
                .filter(token -> token.owner().equals(simulator.userOf(accessToken))
                        && token.organization().equals(simulator.organizationOf(accessToken)))
                .map(Listed::json)
                .toList();
        return SimulatedOrganizations.page(call.parameters(), own, maxPageSize);
    }
}
