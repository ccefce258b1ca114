package io.jenkins.plugins.vcftoken.simulator;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Organizations of VCF Automation, and the exchange of a provider's access token for one of an organization. Limits the
 * page size, regardless of the {@code pageSize} parameter.
 */
public final class SimulatedOrganizations implements TokenApi {

    /** API versions of VCF Automation 9.1. */
    public static final Set<String> VCF_AUTOMATION = Set.of("9.1.0", "9.0.0", "40.0");

    /** API versions of Cloud Director 10.6. */
    public static final Set<String> CLOUD_DIRECTOR =
            Set.of("37.0", "37.1", "37.2", "37.3", "38.0", "38.1", "39.0", "39.1");

    private static final String LISTS = "/cloudapi/1.0.0/";
    private static final String TOKEN = "/oidc/oauth2/token";
    private static final String CLIENT_ID = "3c1f7d0a-5c54-4e8e-9f11-1f1d0a5c54ee";
    private static final int PAGE = 25;

    private final Simulator simulator;
    private final List<String> names = new ArrayList<>();
    private final List<String> parties = new ArrayList<>();
    private final Set<String> denied = new HashSet<>();
    private Set<String> versions = VCF_AUTOMATION;
    private volatile int listRequests;

    SimulatedOrganizations(Simulator simulator) {
        this.simulator = simulator;
        names.add("System");
        parties.add("automation-relying-party");
    }

    // Configuration by tests

    public void add(String name) {
        synchronized (simulator) {
            names.add(name);
        }
    }

    /** Inserts relying parties before the one of VCF Automation. */
    public void prependRelyingParties(int count) {
        synchronized (simulator) {
            for (int i = 0; i < count; i++) {
                parties.add(0, "party-" + i);
            }
        }
    }

    /** Denies the provider access tokens for an organization, which remains in the list. */
    public void denyAccessTokens(String name) {
        synchronized (simulator) {
            denied.add(name);
        }
    }

    public void setVersions(Set<String> versions) {
        synchronized (simulator) {
            this.versions = versions;
        }
    }

    Set<String> versions() {
        return versions;
    }

    void remove(String name) {
        names.remove(name);
    }

    /** Organizations that an access token can read: all for the provider, otherwise its own. */
    List<String> visibleTo(String accessToken) {
        String own = simulator.organizationOf(accessToken);
        return own.equals("System") ? List.copyOf(names) : List.of(own);
    }

    /** Number of pages requested. */
    public int listRequests() {
        return listRequests;
    }

    // Request handling

    @Override
    public boolean serves(String path) {
        return path.equals(TOKEN)
                || path.equals(LISTS + "orgs")
                || path.equals(LISTS + "openIdProvider/relyingParties");
    }

    @Override
    public boolean isTokenRequest(String path) {
        return path.equals(TOKEN);
    }

    @Override
    public String secret(Call call) {
        return call.path().equals(TOKEN) ? call.form().getOrDefault("assertion", "") : "";
    }

    @Override
    @CheckForNull
    public String violation(Call call) {
        if (!call.path().equals(TOKEN)) {
            return call.method().equals("GET") ? null : "method " + call.method();
        }
        String violation = call.headerViolation("application/x-www-form-urlencoded");
        Set<String> expected = Set.of("grant_type", "client_id", "scope", "assertion");
        if (violation != null || !call.form().keySet().equals(expected)) {
            return violation != null ? violation : "parameters " + call.form().keySet();
        }
        if (!call.form().get("scope").equals("openid profile email phone groups vcd_idp")) {
            return "scope " + call.form().get("scope");
        }
        return call.header("x-vmware-vcloud-tenant-context")
                        .matches("\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}")
                ? null
                : "tenant context " + call.header("x-vmware-vcloud-tenant-context");
    }

    @Override
    public Reply answer(Call call) {
        if (!call.path().equals(TOKEN)) {
            listRequests++;
        }
        if (!accepts(call)) {
            return Reply.json(
                    406, "{\"minorErrorCode\":\"NOT_ACCEPTABLE\",\"message\":\"" + call.header("Accept") + "\"}");
        }
        if (call.path().equals(TOKEN)) {
            return token(call);
        }
        String accessToken = call.accessToken();
        if (!simulator.admits(accessToken)) {
            return Reply.json(401, "");
        }
        String own = simulator.organizationOf(accessToken);
        if (call.path().endsWith("/orgs")) {
            return page(call.parameters(), organizations(visibleTo(accessToken)), PAGE);
        }
        return own.equals("System")
                ? page(call.parameters(), relyingParties(), PAGE)
                : Reply.json(403, "{\"minorErrorCode\":\"ACCESS_TO_RESOURCE_IS_FORBIDDEN\",\"message\":\"No\"}");
    }

    /** Whether a request accepts JSON in a supported API version. */
    boolean accepts(Call call) {
        return accepts(call, "application/json");
    }

    /** Whether a request accepts this type in a supported API version. */
    boolean accepts(Call call, String type) {
        return versions.stream().anyMatch(version -> call.header("Accept").equals(type + ";version=" + version));
    }

    private Reply token(Call call) {
        Map<String, String> form = call.form();
        String name = names.stream()
                .filter(known -> uuid(known).equals(call.header("x-vmware-vcloud-tenant-context")))
                .findFirst()
                .orElse(null);
        if (!simulator.isAccessTokenOf("System", form.get("assertion"))
                || !form.get("client_id").equals(CLIENT_ID)) {
            return Reply.json(400, "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid assertion\"}");
        }
        if (name == null || denied.contains(name)) {
            return Reply.json(403, "{\"minorErrorCode\":\"ACCESS_TO_RESOURCE_IS_FORBIDDEN\",\"message\":\"No\"}");
        }
        return Reply.json(
                200,
                "{\"access_token\":\"" + simulator.issue("provider", name, call.expired())
                        + "\",\"token_type\":\"Bearer\",\"expires_in\":"
                        + (call.expired() ? 0 : simulator.lifetime().toSeconds()) + "}");
    }

    private static List<String> organizations(List<String> visible) {
        return visible.stream()
                .map(name -> "{\"id\":\"urn:vcloud:org:" + uuid(name) + "\",\"name\":\"" + name
                        + "\",\"managedBy\":{\"name\":\"System\",\"id\":\"urn:vcloud:org:" + uuid("System") + "\"}}")
                .toList();
    }

    private List<String> relyingParties() {
        return parties.stream()
                .map(name -> "{\"clientId\":\""
                        + (name.equals("automation-relying-party") ? CLIENT_ID : UUID.randomUUID())
                        + "\",\"clientName\":\"" + name + "\"}")
                .toList();
    }

    static Reply page(Map<String, String> parameters, List<String> all, int maxPageSize) {
        int page = Integer.parseInt(parameters.getOrDefault("page", "1"));
        int size = Math.min(maxPageSize, Integer.parseInt(parameters.getOrDefault("pageSize", "25")));
        List<String> values = all.subList(Math.min(all.size(), (page - 1) * size), Math.min(all.size(), page * size));
        return Reply.json(
                200,
                "{\"resultTotal\":" + all.size() + ",\"pageCount\":" + (all.size() + size - 1) / size + ",\"page\":"
                        + page + ",\"pageSize\":" + size + ",\"values\":[" + String.join(",", values) + "]}");
    }

    /** Deterministic UUID of a name. */
    static String uuid(String name) {
        return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)).toString();
    }
}
