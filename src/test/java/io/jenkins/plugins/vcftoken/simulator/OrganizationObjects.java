package io.jenkins.plugins.vcftoken.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.util.Set;

/**
 * Organizations as objects: {@code TmOrg} in {@code types/v56/tm.go} of the vendor's client, go-vcloud-director 3.1.1.
 * That client appends a slash to {@code orgs}; {@link SimulatedOrganizations} serves the list without the slash.
 */
public final class OrganizationObjects extends CloudApiObjects {

    OrganizationObjects(Simulator simulator) {
        super(
                simulator,
                "/cloudapi/1.0.0/orgs",
                Set.of("name", "displayName"),
                Set.of(
                        "description",
                        "canManageOrgs",
                        "canPublish",
                        "catalogCount",
                        "directlyManagedOrgCount",
                        "diskCount",
                        "isClassicTenant",
                        "isEnabled",
                        "managedBy",
                        "maskedEventTaskUsername",
                        "orgVdcCount",
                        "runningVMCount",
                        "userCount",
                        "vappCount"));
    }

    @Override
    public Reply answer(Call call) {
        simulator.tenants().visibleTo(call.accessToken()).forEach(name -> {
            if (!name.isEmpty()) {
                put(JSON.createObjectNode()
                        .put("name", name)
                        .put("displayName", name)
                        .put("isEnabled", true));
            }
        });
        return super.answer(call);
    }

    @Override
    String urn(JsonNode properties) {
        return "urn:vcloud:org:"
                + SimulatedOrganizations.uuid(properties.path("name").asText());
    }

    @Override
    boolean isVisible(ObjectNode object, String organization) {
        return organization.equals("System") || object.path("name").asText().equals(organization);
    }

    @Override
    @CheckForNull
    String deletionError(ObjectNode object) {
        return object.path("isEnabled").asBoolean() ? "The organization is enabled" : null;
    }

    @Override
    void afterCreate(ObjectNode object) {
        object.putObject("managedBy")
                .put("name", "System")
                .put("id", "urn:vcloud:org:" + SimulatedOrganizations.uuid("System"));
        simulator.tenants().add(object.path("name").asText());
        simulator.addOrganization(object.path("name").asText());
    }

    @Override
    void afterDelete(ObjectNode object) {
        simulator.tenants().remove(object.path("name").asText());
    }
}
