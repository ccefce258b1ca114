package io.jenkins.plugins.vcftoken.simulator;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.util.List;

/**
 * Endpoints that a client of VCF Automation or Cloud Director reads to log in with an access token: API versions, the
 * organizations of the access token, and the current session.
 *
 * <p>Paths, headers and names are those of the vendor's client, go-vcloud-director 3.1.1: {@code api_vcd_versions.go:135}
 * (versions), {@code api_vcd.go:281} (organizations), {@code session_info.go:27} (session).
 */
final class VcloudApi implements ResourceApi {

    private static final String VERSIONS = "/api/versions";
    private static final String ORGANIZATIONS = "/api/org";
    private static final String SESSION = "/cloudapi/1.0.0/sessions/current";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Simulator simulator;

    VcloudApi(Simulator simulator) {
        this.simulator = simulator;
    }

    @Override
    public boolean serves(String path) {
        return List.of(VERSIONS, ORGANIZATIONS, SESSION).contains(path);
    }

    @Override
    @CheckForNull
    public String violation(Call call) {
        boolean isLogout = call.method().equals("DELETE") && call.path().equals(SESSION);
        return isLogout || call.method().equals("GET") ? null : "method " + call.method();
    }

    @Override
    public Reply answer(Call call) {
        if (call.path().equals(VERSIONS)) {
            return versions();
        }
        String type = call.path().equals(SESSION) ? "application/json" : "application/*+xml";
        if (!simulator.tenants().accepts(call, type)) {
            return new Reply(406, "text/plain", "");
        }
        if (call.method().equals("DELETE")) {
            boolean ended = simulator.providerSessions().end(call.accessToken());
            return new Reply(ended ? 204 : 401, "text/plain", "");
        }
        if (!simulator.admits(call.accessToken())) {
            return new Reply(401, "text/plain", "");
        }
        return call.path().equals(SESSION) ? session(call.accessToken()) : organizations(call.accessToken());
    }

    private Reply versions() {
        StringBuilder versions = new StringBuilder();
        for (String version : simulator.tenants().versions()) {
            versions.append("""
                    <VersionInfo deprecated="false">
                    <Version>%s</Version>
                    <LoginUrl>%s/cloudapi/1.0.0/sessions</LoginUrl>
                    <ProviderLoginUrl>%2$s/cloudapi/1.0.0/sessions/provider</ProviderLoginUrl>
                    </VersionInfo>
                    """.formatted(version, simulator.url()));
        }
        return xml("SupportedVersions", "versions", versions);
    }

    private Reply organizations(String accessToken) {
        StringBuilder organizations = new StringBuilder();
        for (String name : simulator.tenants().visibleTo(accessToken)) {
            organizations.append("""
                    <Org href="%s/api/org/%s" name="%s" type="application/vnd.vmware.vcloud.org+xml"/>
                    """.formatted(simulator.url(), SimulatedOrganizations.uuid(name), escapeXml(name)));
        }
        return xml("OrgList", "v1.5", organizations);
    }

    private Reply session(String accessToken) {
        String organization = simulator.organizationOf(accessToken);
        String user = simulator.userOf(accessToken);
        String role = organization.equals("System") ? "System Administrator" : "Organization Administrator";
        ObjectNode session = JSON.createObjectNode();
        session.put("id", "urn:vcloud:session:" + SimulatedOrganizations.uuid(accessToken));
        reference(session.putObject("user"), "user", user, SimulatedOrganizations.uuid(user));
        reference(session.putObject("org"), "org", organization, SimulatedOrganizations.uuid(organization));
        session.put("location", "");
        session.putArray("roles").add(role);
        reference(session.putArray("roleRefs").addObject(), "role", role, SimulatedOrganizations.uuid(role));
        session.put("sessionIdleTimeoutMinutes", simulator.lifetime().toMinutes());
        return Reply.json(200, session.toString());
    }

    private static void reference(ObjectNode reference, String type, String name, String id) {
        reference.put("name", name).put("id", "urn:vcloud:" + type + ':' + id);
    }

    private static Reply xml(String root, String namespace, CharSequence content) {
        return new Reply(200, "text/xml", """
                <?xml version="1.0" encoding="UTF-8"?>
                <%s xmlns="http://www.vmware.com/vcloud/%s">
                %s</%1$s>
                """.formatted(root, namespace, content));
    }

    private static String escapeXml(String name) {
        return name.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
    }
}
