package io.jenkins.plugins.vcftoken.simulator;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;

/**
 * Namespaced resource type of a simulated Kubernetes API, and its entries in discovery responses.
 *
 * @param group empty for the core group
 * @param versions preferred version first
 * @param name plural name, as in paths
 */
record KubernetesResource(String group, List<String> versions, String name, String kind, String shortName) {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final List<String> VERBS = List.of("create", "delete", "get", "list", "patch", "update", "watch");

    String apiVersion(String version) {
        return group.isEmpty() ? version : group + '/' + version;
    }

    String path(String version) {
        return (group.isEmpty() ? "/api/" : "/apis/") + apiVersion(version);
    }

    private String singular() {
        return kind.toLowerCase(Locale.ROOT);
    }

    /** Item of an {@code APIResourceList}. */
    ObjectNode apiResource() {
        ObjectNode resource = JSON.objectNode();
        resource.put("name", name).put("singularName", singular()).put("namespaced", true);
        resource.put("kind", kind).set("verbs", strings(VERBS));
        return resource.set("shortNames", strings(List.of(shortName)));
    }

    /** Item of an {@code APIGroupDiscoveryList}. */
    ObjectNode discovery(String version) {
        ObjectNode resource = JSON.objectNode();
        resource.put("resource", name).put("singularResource", singular()).put("scope", "Namespaced");
        resource.putObject("responseKind")
                .put("group", group)
                .put("version", version)
                .put("kind", kind);
        resource.set("verbs", strings(VERBS));
        return resource.set("shortNames", strings(List.of(shortName)));
    }

    private static ArrayNode strings(List<String> values) {
        ArrayNode strings = JSON.arrayNode();
        values.forEach(strings::add);
        return strings;
    }
}
