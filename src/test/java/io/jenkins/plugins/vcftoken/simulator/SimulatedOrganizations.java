package io.jenkins.plugins.vcftoken.simulator;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** VCF Automation's way from the provider's access token to an organization's. Caps its pages, whatever is asked for. */
public final class SimulatedOrganizations implements TokenApi {

    /** The versions of the API in VCF Automation 9.1. */
    public static final Set<String> VCF_AUTOMATION = Set.of("9.1.0", "9.0.0", "40.0");

    /** The versions of the API in Cloud Director 10.6. */
    public static final Set<String> CLOUD_DIRECTOR =
            Set.of("37.0", "37.1", "37.2", "37.3", "38.0", "38.1", "39.0", "39.1");

    private static final String LISTS = "/cloudapi/1.0.0/";
    private static final String TOKEN = "/oidc/oauth2/token";
    private static final String CLIENT_ID = "3c1f7d0a-5c54-4e8e-9f11-1f1d0a5c54ee";
    private static final int PAGE = 25;

    private final Simulator simulator;
    private final List<String> names = new ArrayList<>();
    private final List<String> parties = new ArrayList<>();
    private final Set<String> closed = new HashSet<>();
    private Set<String> versions = VCF_AUTOMATION;
    private volatile int lists;

    SimulatedOrganizations(Simulator simulator) {
        this.simulator = simulator;
        names.add("System");
        parties.add("automation-relying-party");
    }

    // What tests set up

    public void add(String name) {
        synchronized (simulator) {
            names.add(name);
        }
    }

    /** Registers further relying parties before the one that is wanted. */
    public void addPartiesBefore(int count) {
        synchronized (simulator) {
            for (int i = 0; i < count; i++) {
                parties.add(0, "party-" + i);
            }
        }
    }

    /** Listed, but the provider gets no access token for it. */
    public void close(String name) {
        synchronized (simulator) {
            closed.add(name);
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

    /** The organizations that an access token admits to: all for the provider's, else its own. */
    List<String> visibleTo(String accessToken) {
        String own = simulator.organizationOf(accessToken);
        return own.equals("System") ? List.copyOf(names) : List.of(own);
    }

    /** How many pages were asked for. */
    public int lists() {
        return lists;
    }

    // What the handler needs

    @Override
    public boolean serves(String path) {
        return path.equals(TOKEN)
                || path.equals(LISTS + "orgs")
                || path.equals(LISTS + "openIdProvider/relyingParties");
    }

    @Override
    public boolean isExchange(String path) {
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
        String untidy = call.untidy("application/x-www-form-urlencoded");
        Set<String> wanted = Set.of("grant_type", "client_id", "scope", "assertion");
        if (untidy != null || !call.form().keySet().equals(wanted)) {
            return untidy != null ? untidy : "parameters " + call.form().keySet();
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
            lists++;
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

    /** Whether a request names a version that the server knows. */
    boolean accepts(Call call) {
        return accepts(call, "application/json");
    }

    /** Whether a request asks for this type, in a version that the server knows. */
    boolean accepts(Call call, String type) {
        return versions.stream().anyMatch(version -> call.header("Accept").equals(type + ";version=" + version));
    }

    private Reply token(Call call) {
        Map<String, String> form = call.form();
        String name = names.stream()
                .filter(known -> id(known).equals(call.header("x-vmware-vcloud-tenant-context")))
                .findFirst()
                .orElse(null);
        if (!simulator.isAccessTokenOf("System", form.get("assertion"))
                || !form.get("client_id").equals(CLIENT_ID)) {
            return Reply.json(400, "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid assertion\"}");
        }
        if (name == null || closed.contains(name)) {
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
                .map(name -> "{\"id\":\"urn:vcloud:org:" + id(name) + "\",\"name\":\"" + name
                        + "\",\"managedBy\":{\"name\":\"System\",\"id\":\"urn:vcloud:org:" + id("System") + "\"}}")
                .toList();
    }

    private List<String> relyingParties() {
        return parties.stream()
                .map(name -> "{\"clientId\":\""
                        + (name.equals("automation-relying-party") ? CLIENT_ID : UUID.randomUUID())
                        + "\",\"clientName\":\"" + name + "\"}")
                .toList();
    }

    static Reply page(Map<String, String> parameters, List<String> all, int cap) {
        int page = Integer.parseInt(parameters.getOrDefault("page", "1"));
        int size = Math.min(cap, Integer.parseInt(parameters.getOrDefault("pageSize", "25")));
        List<String> values = all.subList(Math.min(all.size(), (page - 1) * size), Math.min(all.size(), page * size));
        return Reply.json(
                200,
                "{\"resultTotal\":" + all.size() + ",\"pageCount\":" + (all.size() + size - 1) / size + ",\"page\":"
                        + page + ",\"pageSize\":" + size + ",\"values\":[" + String.join(",", values) + "]}");
    }

    static String id(String name) {
        return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)).toString();
    }
}
