package io.jenkins.plugins.vcftoken.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Set;

/**
 * Interfaces of defined entities in Cloud Director: {@code DefinedInterface} in {@code types/v56/openapi.go} of the
 * vendor's client, go-vcloud-director 2.26.1.
 */
public final class DefinedInterfaceObjects extends CloudApiObjects {

    DefinedInterfaceObjects(Simulator simulator) {
        super(simulator, "/cloudapi/1.0.0/interfaces", Set.of("name", "nss", "version", "vendor"), Set.of("readonly"));
    }

    /** Adds a predefined interface. */
    public void add(String vendor, String nss, String version, String name) {
        synchronized (simulator) {
            put(JSON.createObjectNode()
                    .put("vendor", vendor)
                    .put("nss", nss)
                    .put("version", version)
                    .put("name", name));
        }
    }

    @Override
    String urn(JsonNode properties) {
        return "urn:vcloud:interface:" + properties.path("vendor").asText() + ':'
                + properties.path("nss").asText() + ':'
                + properties.path("version").asText();
    }
}
