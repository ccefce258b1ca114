package io.jenkins.plugins.vcftoken.simulator;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Projects of an organization in the IaaS API of VCF Automation and Aria Automation, in the format of
 * {@code IaaSProject} of the vendor's client, vra-sdk-go 0.6.5. Responds with 500 to access tokens of the provider, as
 * on live systems.
 */
final class IaasApi implements ResourceApi {

    private static final String PROJECTS = "/iaas/api/projects";
    private static final Pattern FILTER = Pattern.compile("name eq '([^']*)'");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Simulator simulator;

    IaasApi(Simulator simulator) {
        this.simulator = simulator;
    }

    @Override
    public boolean serves(String path) {
        return path.equals(PROJECTS);
    }

    @Override
    public Reply answer(Call call) {
        if (!simulator.admits(call.accessToken())) {
            return Reply.json(401, "");
        }
        String organization = simulator.organizationOf(call.accessToken());
        if (organization.isEmpty() || organization.equals("System")) {
            return Reply.json(500, "{\"message\":\"Server error\",\"statusCode\":500}");
        }
        String filter = call.parameters().get("$filter");
        Matcher matcher = FILTER.matcher(filter == null ? "name eq 'default'" : filter);
        if (!matcher.matches()) {
            return Reply.json(400, "{\"message\":\"Invalid filter\",\"statusCode\":400}");
        }
        ObjectNode page = JSON.createObjectNode();
        ArrayNode content = page.putArray("content");
        if (matcher.group(1).equals("default")) {
            content.add(project(organization));
        }
        page.put("totalElements", content.size()).put("numberOfElements", content.size());
        return Reply.json(200, page.toString());
    }

    private static ObjectNode project(String organization) {
        String id = UUID.nameUUIDFromBytes(("project of " + organization).getBytes(StandardCharsets.UTF_8))
                .toString();
        ObjectNode project = JSON.createObjectNode();
        project.put("id", id).put("name", "default").put("orgId", SimulatedOrganizations.uuid(organization));
        for (String list : List.of("administrators", "members", "viewers", "supervisors", "zones")) {
            project.putArray(list);
        }
        project.putObject("_links").putObject("self").put("href", PROJECTS + '/' + id);
        return project;
    }
}
