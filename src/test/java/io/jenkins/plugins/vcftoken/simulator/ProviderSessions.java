package io.jenkins.plugins.vcftoken.simulator;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.util.HashSet;
import java.util.Set;

/** Provider sessions of VCF Automation, created with access tokens of VCF SSO. */
public final class ProviderSessions implements TokenApi {

    private static final String PROVIDER = "/cloudapi/1.0.0/sessions/provider";
    private static final String ORGANIZATION = ";org=system";

    private final Simulator simulator;
    private final Set<String> sessions = new HashSet<>();
    private volatile int sessionsCreated;
    private volatile int sessionsEnded;
    private volatile int refusals;

    ProviderSessions(Simulator simulator) {
        this.simulator = simulator;
    }

    // Counters and state for assertions

    /** Number of sessions that have neither ended nor expired. */
    public int openSessions() {
        synchronized (simulator) {
            return (int) sessions.stream().filter(simulator::isAlive).count();
        }
    }

    public int sessionsCreated() {
        return sessionsCreated;
    }

    public int sessionsEnded() {
        return sessionsEnded;
    }

    /** Number of requests rejected because of the access token. */
    public int refusals() {
        return refusals;
    }

    // Request handling

    @Override
    public boolean serves(String path) {
        return path.equals(PROVIDER);
    }

    @Override
    public String secret(Call call) {
        return call.accessToken();
    }

    @Override
    @CheckForNull
    public String violation(Call call) {
        if (call.query() != null || !call.body().isEmpty()) {
            return "a query string or a body where there is none";
        }
        if (!call.header("Accept").equals("application/json;version=9.1.0")) {
            return "Accept: " + call.header("Accept");
        }
        return call.accessToken().endsWith(ORGANIZATION) ? null : "no access token for " + ORGANIZATION;
    }

    @Override
    public Reply answer(Call call) {
        if (!call.method().equals("POST")) {
            return Reply.json(405, "");
        }
        String parent = call.accessToken().replace(ORGANIZATION, "");
        if (!simulator.vcfSso().isIssued(parent) || !simulator.isAlive(parent)) {
            refusals++;
            return Reply.json(401, "");
        }
        sessionsCreated++;
        String accessToken = simulator.issue(simulator.userOf(parent), "System", call.expired());
        sessions.add(accessToken);
        return Reply.json(
                        200,
                        "{\"id\":\"urn:vcloud:session:" + SimulatedOrganizations.uuid(accessToken)
                                + "\",\"org\":{\"name\":\"System\"},\"sessionIdleTimeoutMinutes\":0}")
                .with("X-VMWARE-VCLOUD-ACCESS-TOKEN", accessToken);
    }

    /** @return whether the session was open */
    boolean end(String accessToken) {
        if (!sessions.remove(accessToken)) {
            return false;
        }
        sessionsEnded++;
        simulator.end(accessToken);
        return true;
    }
}
