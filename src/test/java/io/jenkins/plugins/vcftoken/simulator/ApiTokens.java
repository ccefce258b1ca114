package io.jenkins.plugins.vcftoken.simulator;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** VCF Automation's list of API tokens. Shows each access token those of its own user alone. */
public final class ApiTokens implements ResourceApi {

    private static final String LIST = "/cloudapi/1.0.0/tokens";

    private final Simulator simulator;
    private final List<Listed> listed = new ArrayList<>();
    private volatile int cap = 128;
    private Reply fixed;
    private volatile int lists;

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

    // What tests set up

    /**
     * An API token of a user, which does not rotate.
     *
     * @return the token
     */
    public String addUser(String user, String organization, String clientId, @CheckForNull Instant expires) {
        synchronized (simulator) {
            String token = simulator.addAccount(user, organization);
            simulator.setRotation(user, false);
            list(user, organization, clientId, expires);
            return token;
        }
    }

    /** One more in the list, for which there is nothing to send. */
    public void list(String owner, String organization, String clientId, @CheckForNull Instant expires) {
        synchronized (simulator) {
            listed.add(new Listed(owner, organization, clientId, expires));
        }
    }

    /** No page has more, whatever is asked for. */
    public void setCap(int cap) {
        this.cap = cap;
    }

    /** Returned for each access token instead of the list. */
    public void setAnswer(int status, String body) {
        synchronized (simulator) {
            fixed = Reply.json(status, body);
        }
    }

    /** How many pages were asked for. */
    public int lists() {
        return lists;
    }

    // What the handler needs

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
        lists++;
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
        return SimulatedOrganizations.page(call.parameters(), own, cap);
    }
}
