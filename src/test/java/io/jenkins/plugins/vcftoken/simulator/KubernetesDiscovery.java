package io.jenkins.plugins.vcftoken.simulator;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Discovery endpoints of a simulated Kubernetes API, both aggregated and per group. */
record KubernetesDiscovery(List<KubernetesResource> resources) {

    /** Media type of aggregated discovery, which clients send in {@code Accept}. */
    static final String AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    /**
     * @param path relative to the URL of the API
     * @return null if the path is not a discovery endpoint
     */
    @CheckForNull
    Reply answer(String path, boolean aggregated) {
        ObjectNode answer = JSON.objectNode();
        if (path.equals("/version")) {
            answer.put("major", "1").put("minor", "32").put("gitVersion", "v1.32.4+vmware.1");
        } else if (path.equals("/api") || path.equals("/apis")) {
            boolean core = path.equals("/api");
            if (aggregated) {
                return new Reply(200, AGGREGATED, aggregated(core).toString());
            }
            answer = core ? coreVersions() : groups();
        } else if (path.equals("/openapi/v3")) {
            answer = openApiIndex();
        } else if (path.startsWith("/openapi/v3/")) {
            answer = findOpenApiDocument(path.substring("/openapi/v3".length()));
        } else {
            answer = findGroup(path) == null ? findResourceList(path) : findGroup(path);
        }
        return answer == null ? null : Reply.json(200, answer.toString());
    }

    private ObjectNode coreVersions() {
        ObjectNode answer = JSON.objectNode();
        answer.put("kind", "APIVersions");
        ArrayNode versions = answer.putArray("versions");
        byGroup().getOrDefault("", List.of()).stream()
                .limit(1)
                .forEach(core -> core.versions().forEach(versions::add));
        return answer;
    }

    private ObjectNode groups() {
        ObjectNode answer = JSON.objectNode();
        answer.put("kind", "APIGroupList").put("apiVersion", "v1");
        ArrayNode groups = answer.putArray("groups");
        byGroup().forEach((name, members) -> {
            if (!name.isEmpty()) {
                groups.add(group(members.get(0)));
            }
        });
        return answer;
    }

    private static ObjectNode group(KubernetesResource first) {
        ObjectNode group = JSON.objectNode().put("name", first.group());
        ArrayNode versions = group.putArray("versions");
        first.versions().forEach(version -> versions.add(groupVersion(first, version)));
        return group.set(
                "preferredVersion", groupVersion(first, first.versions().get(0)));
    }

    /** @return null if the path is not the path of a group */
    @CheckForNull
    private ObjectNode findGroup(String path) {
        return resources.stream()
                .filter(resource -> path.equals("/apis/" + resource.group()))
                .findFirst()
                .map(resource -> group(resource).put("kind", "APIGroup").put("apiVersion", "v1"))
                .orElse(null);
    }

    private static ObjectNode groupVersion(KubernetesResource resource, String version) {
        return JSON.objectNode()
                .put("groupVersion", resource.apiVersion(version))
                .put("version", version);
    }

    private ObjectNode aggregated(boolean core) {
        ObjectNode answer = JSON.objectNode();
        answer.put("kind", "APIGroupDiscoveryList").put("apiVersion", "apidiscovery.k8s.io/v2");
        answer.putObject("metadata");
        ArrayNode items = answer.putArray("items");
        byGroup().forEach((name, members) -> {
            if (name.isEmpty() == core) {
                ObjectNode group = items.addObject();
                group.putObject("metadata").put("name", name);
                ArrayNode versions = group.putArray("versions");
                for (String version : members.get(0).versions()) {
                    ObjectNode one =
                            versions.addObject().put("version", version).put("freshness", "Current");
                    ArrayNode list = one.putArray("resources");
                    members.forEach(resource -> list.add(resource.discovery(version)));
                }
            }
        });
        return answer;
    }

    /** @return null if the path is not the path of a group and version */
    @CheckForNull
    private ObjectNode findResourceList(String path) {
        ObjectNode answer = JSON.objectNode();
        answer.put("kind", "APIResourceList").put("apiVersion", "v1");
        ArrayNode list = answer.putArray("resources");
        for (KubernetesResource resource : resources) {
            for (String version : resource.versions()) {
                if (path.equals(resource.path(version))) {
                    answer.put("groupVersion", resource.apiVersion(version));
                    list.add(resource.apiResource());
                }
            }
        }
        return list.isEmpty() ? null : answer;
    }

    /** Index of the OpenAPI documents, one per group and version. */
    private ObjectNode openApiIndex() {
        ObjectNode answer = JSON.objectNode();
        ObjectNode paths = answer.putObject("paths");
        for (KubernetesResource resource : resources) {
            for (String version : resource.versions()) {
                String path = resource.path(version);
                paths.putObject(path.substring(1)).put("serverRelativeURL", "/openapi/v3" + path);
            }
        }
        return answer;
    }

    /**
     * Minimal OpenAPI document: declares server-side field validation, so that clients skip client-side validation.
     *
     * @return null if the group and version are unknown
     */
    @CheckForNull
    private ObjectNode findOpenApiDocument(String groupVersion) {
        ObjectNode answer = JSON.objectNode().put("openapi", "3.0.0");
        answer.putObject("info").put("title", "Kubernetes").put("version", "v1.32.4");
        ObjectNode paths = answer.putObject("paths");
        for (KubernetesResource resource : resources) {
            for (String version : resource.versions()) {
                if (resource.path(version).equals(groupVersion)) {
                    ObjectNode patch = paths.putObject(
                                    groupVersion + "/namespaces/{namespace}/" + resource.name() + "/{name}")
                            .putObject("patch");
                    patch.putArray("parameters")
                            .addObject()
                            .put("name", "fieldValidation")
                            .put("in", "query");
                    patch.putObject("x-kubernetes-group-version-kind")
                            .put("group", resource.group())
                            .put("version", version)
                            .put("kind", resource.kind());
                }
            }
        }
        return paths.isEmpty() ? null : answer;
    }

    private Map<String, List<KubernetesResource>> byGroup() {
        Map<String, List<KubernetesResource>> groups = new LinkedHashMap<>();
        resources.forEach(resource -> groups.computeIfAbsent(resource.group(), name -> new ArrayList<>())
                .add(resource));
        return groups;
    }
}
