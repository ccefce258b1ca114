package io.jenkins.plugins.vcftoken.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Kubernetes API at one URL. Supports all verbs except watch, which {@link KubernetesApi} implements. */
final class KubernetesEndpoint {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private static final Set<String> OBJECT_TYPES = Set.of("application/json", KubernetesProtobuf.TYPE);
    private static final String APPLY_TYPE = "application/apply-patch+yaml";

    private static final Pattern RESOURCE =
            Pattern.compile("/(?:api|apis/([^/]+))/([^/]+)(?:/namespaces/([^/]+))?/([^/]+)(?:/([^/]+))?");

    private static final Pattern NAME = Pattern.compile("[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?");

    final KubernetesObjects objects;

    @CheckForNull
    private final String onlyNamespace;

    private final Supplier<List<KubernetesResource>> resources;
    private volatile boolean aggregatedDiscovery = true;
    private volatile Duration maxWatchDuration = Duration.ofMinutes(30);

    /**
     * @param onlyNamespace the only accessible namespace; null for all
     */
    KubernetesEndpoint(
            KubernetesObjects objects,
            @CheckForNull String onlyNamespace,
            Supplier<List<KubernetesResource>> resources) {
        this.objects = objects;
        this.onlyNamespace = onlyNamespace;
        this.resources = resources;
    }

    void setAggregatedDiscovery(boolean aggregatedDiscovery) {
        this.aggregatedDiscovery = aggregatedDiscovery;
    }

    void setMaxWatchDuration(Duration maxWatchDuration) {
        this.maxWatchDuration = maxWatchDuration;
    }

    /** @param seconds requested by the client; 0 for the maximum */
    Duration watchTimeout(int seconds) {
        Duration requested = Duration.ofSeconds(seconds);
        return requested.isZero() || requested.compareTo(maxWatchDuration) > 0 ? maxWatchDuration : requested;
    }

    /** Resource or object that a request path refers to. */
    record Target(KubernetesResource resource, String version, String namespace, String name) {
        KubernetesObjects.Key key() {
            return new KubernetesObjects.Key(resource.name(), namespace, name);
        }
    }

    /** @param path relative to the URL of the API */
    Reply answer(Call call, String path) throws KubernetesError {
        boolean aggregated = aggregatedDiscovery && call.header("Accept").contains(KubernetesDiscovery.AGGREGATED);
        Reply discovery = new KubernetesDiscovery(resources.get()).answer(path, aggregated);
        if (discovery != null) {
            return discovery;
        }
        Target target = target(path);
        ObjectNode reply =
                switch (call.method() + (target.name().isEmpty() ? " all" : " one")) {
                    case "GET all" -> list(call, target);
                    case "GET one" -> find(target);
                    case "POST all" -> create(call, target);
                    case "PUT one" -> update(call, target);
                    case "PATCH one" -> patch(call, target);
                    case "DELETE one" -> delete(target);
                    default ->
                        throw new KubernetesError(
                                405,
                                "MethodNotAllowed",
                                "the server does not allow this method on the requested resource");
                };
        return Reply.json(call.method().equals("POST") ? 201 : 200, reply.toString());
    }

    Target target(String path) throws KubernetesError {
        Matcher parts = RESOURCE.matcher(path);
        if (parts.matches()) {
            String group = parts.group(1) == null ? "" : parts.group(1);
            for (KubernetesResource resource : resources.get()) {
                if (resource.group().equals(group)
                        && resource.versions().contains(parts.group(2))
                        && resource.name().equals(parts.group(4))) {
                    Target target =
                            new Target(resource, parts.group(2), orEmpty(parts.group(3)), orEmpty(parts.group(5)));
                    if (onlyNamespace != null && !onlyNamespace.equals(target.namespace())) {
                        throw new KubernetesError(
                                403,
                                "Forbidden",
                                resource.name() + " is forbidden: the user cannot access them "
                                        + (target.namespace().isEmpty()
                                                ? "at the cluster scope"
                                                : "in the namespace \"" + target.namespace() + '"'));
                    }
                    return target;
                }
            }
        }
        throw new KubernetesError(404, "NotFound", "the server could not find the requested resource");
    }

    boolean isList(String path) {
        try {
            return target(path).name().isEmpty();
        } catch (KubernetesError e) {
            return false;
        }
    }

    private static String orEmpty(@CheckForNull String text) {
        return text == null ? "" : text;
    }

    private ObjectNode list(Call call, Target target) throws KubernetesError {
        Predicate<KubernetesObjects.Event> selected = selected(call, target);
        List<ObjectNode> all = objects.all(target.resource().name()).stream()
                .filter(selected)
                .map(event -> withTypeMeta(event.object(), target))
                .toList();
        int from = parseContinueToken(call.parameters().get("continue"));
        int limit = parseInt(call.parameters().get("limit"));
        int to = limit == 0 ? all.size() : Math.min(all.size(), from + limit);
        ObjectNode list = JSON.objectNode();
        list.put("apiVersion", target.resource().apiVersion(target.version()));
        list.put("kind", target.resource().kind() + "List");
        ObjectNode metadata = list.putObject("metadata").put("resourceVersion", String.valueOf(objects.version()));
        if (to < all.size()) {
            metadata.put(
                    "continue", Base64.getUrlEncoder().encodeToString(("from " + to).getBytes(StandardCharsets.UTF_8)));
            metadata.put("remainingItemCount", all.size() - to);
        }
        list.putArray("items").addAll(all.subList(Math.min(from, all.size()), to));
        return list;
    }

    private static int parseContinueToken(@CheckForNull String token) throws KubernetesError {
        if (token == null || token.isEmpty()) {
            return 0;
        }
        try {
            String text = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
            return Integer.parseInt(text.substring("from ".length()));
        } catch (IllegalArgumentException | StringIndexOutOfBoundsException e) {
            throw new KubernetesError(400, "BadRequest", "continue key is not valid");
        }
    }

    static int parseInt(@CheckForNull String text) throws KubernetesError {
        try {
            return text == null ? 0 : Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new KubernetesError(400, "BadRequest", "not a number: " + text);
        }
    }

    /** Filter of a list or watch, from path and selectors. */
    Predicate<KubernetesObjects.Event> selected(Call call, Target target) throws KubernetesError {
        Predicate<KubernetesObjects.Event> selected =
                event -> event.key().resource().equals(target.resource().name())
                        && (target.namespace().isEmpty()
                                || event.key().namespace().equals(target.namespace()))
                        && (target.name().isEmpty() || event.key().name().equals(target.name()));
        for (Map.Entry<String, String> field :
                requirements(call, "fieldSelector").entrySet()) {
            selected = selected.and(
                    switch (field.getKey()) {
                        case "metadata.name" -> event -> event.key().name().equals(field.getValue());
                        case "metadata.namespace" ->
                            event -> event.key().namespace().equals(field.getValue());
                        default ->
                            throw new KubernetesError(
                                    400, "BadRequest", "field label not supported: " + field.getKey());
                    });
        }
        for (Map.Entry<String, String> label :
                requirements(call, "labelSelector").entrySet()) {
            selected = selected.and(event -> event.object()
                    .path("metadata")
                    .path("labels")
                    .path(label.getKey())
                    .asText()
                    .equals(label.getValue()));
        }
        return selected;
    }

    /** Parses a selector. Supports equality only, which is sufficient for the tools in the tests. */
    private static Map<String, String> requirements(Call call, String parameter) throws KubernetesError {
        Map<String, String> requirements = new LinkedHashMap<>();
        for (String requirement : call.parameters().getOrDefault(parameter, "").split(",")) {
            Matcher equality = Pattern.compile("([^=!()]+?)==?([^=!()]*)").matcher(requirement);
            if (equality.matches()) {
                requirements.put(equality.group(1), equality.group(2));
            } else if (!requirement.isEmpty()) {
                throw new KubernetesError(400, "BadRequest", "unable to parse requirement: " + requirement);
            }
        }
        return requirements;
    }

    private ObjectNode find(Target target) throws KubernetesError {
        ObjectNode object = objects.get(target.key());
        if (object == null) {
            throw new KubernetesError(
                    404, "NotFound", target.resource().name() + " \"" + target.name() + "\" not found");
        }
        return withTypeMeta(object, target);
    }

    private ObjectNode create(Call call, Target target) throws KubernetesError {
        ObjectNode object = body(call, target, OBJECT_TYPES);
        Target named = new Target(
                target.resource(),
                target.version(),
                target.namespace(),
                object.path("metadata").path("name").asText());
        if (objects.get(named.key()) != null) {
            throw new KubernetesError(
                    409, "AlreadyExists", target.resource().name() + " \"" + named.name() + "\" already exists");
        }
        return save(call, named, object);
    }

    private ObjectNode update(Call call, Target target) throws KubernetesError {
        find(target);
        return save(call, target, body(call, target, OBJECT_TYPES));
    }

    /** Server-side apply creates an absent object; other patch types require an existing one. */
    private ObjectNode patch(Call call, Target target) throws KubernetesError {
        boolean apply = call.contentType().equals(APPLY_TYPE);
        if (apply && !call.parameters().containsKey("fieldManager")) {
            throw new KubernetesError(422, "Invalid", "fieldManager: Required value: is required for apply patch");
        }
        ObjectNode before = objects.get(target.key());
        ObjectNode object = before == null && apply ? JSON.objectNode() : find(target);
        if (apply) {
            merge(object, body(call, target, Set.of(APPLY_TYPE)));
        } else if (call.contentType().equals("application/merge-patch+json")
                || call.contentType().equals("application/strategic-merge-patch+json")) {
            merge(object, object(call));
        } else {
            throw unsupported(call);
        }
        return save(call, target, object);
    }

    private static void merge(ObjectNode object, ObjectNode patch) {
        patch.properties().forEach(field -> {
            if (field.getValue().isNull()) {
                object.remove(field.getKey());
            } else if (field.getValue() instanceof ObjectNode child
                    && object.get(field.getKey()) instanceof ObjectNode existing) {
                merge(existing, child);
            } else {
                object.set(field.getKey(), field.getValue());
            }
        });
    }

    private ObjectNode delete(Target target) throws KubernetesError {
        ObjectNode removed = find(target);
        objects.remove(target.key());
        ObjectNode status = JSON.objectNode();
        status.put("kind", "Status").put("apiVersion", "v1").putObject("metadata");
        status.put("status", "Success");
        status.putObject("details")
                .put("name", target.name())
                .put("kind", target.resource().name())
                .set("uid", removed.path("metadata").get("uid"));
        return status;
    }

    private ObjectNode save(Call call, Target target, ObjectNode object) throws KubernetesError {
        boolean dryRun = "All".equals(call.parameters().get("dryRun"));
        return withTypeMeta(dryRun ? object : objects.put(target.key(), object), target);
    }

    /** Parses and validates the object in a request body. */
    private static ObjectNode body(Call call, Target target, Set<String> types) throws KubernetesError {
        if (!types.contains(call.contentType())) {
            throw unsupported(call);
        }
        ObjectNode object = object(call);
        JsonNode metadata = object.path("metadata");
        String expected = target.resource().apiVersion(target.version());
        if (!object.path("apiVersion").asText().equals(expected)
                || !object.path("kind").asText().equals(target.resource().kind())) {
            throw new KubernetesError(
                    400,
                    "BadRequest",
                    "the API version in the data does not match the expected API version: " + expected);
        }
        if (!metadata.path("namespace").asText(target.namespace()).equals(target.namespace())
                || !metadata.path("name").asText(target.name()).equals(target.name())
                        && !target.name().isEmpty()) {
            throw new KubernetesError(
                    400, "BadRequest", "the name or namespace of the object does not match the one of the URL");
        }
        String name = metadata.path("name").asText(target.name());
        if (!NAME.matcher(name).matches()) {
            throw new KubernetesError(422, "Invalid", "metadata.name: Invalid value: \"" + name + '"');
        }
        if (target.resource().kind().equals("ConfigMap")
                || target.resource().kind().equals("Secret")) {
            checkData(object.path("data"), target.resource().kind().equals("Secret"));
        }
        return object;
    }

    private static void checkData(JsonNode data, boolean base64) throws KubernetesError {
        for (JsonNode value : data) {
            try {
                if (!value.isTextual() || base64 && Base64.getDecoder().decode(value.asText()) == null) {
                    throw new KubernetesError(400, "BadRequest", "json: cannot unmarshal into Go struct field .data");
                }
            } catch (IllegalArgumentException e) {
                throw new KubernetesError(400, "BadRequest", "illegal base64 data");
            }
        }
    }

    private static ObjectNode object(Call call) throws KubernetesError {
        if (call.json() instanceof ObjectNode object) {
            return object;
        }
        throw new KubernetesError(400, "BadRequest", "the body of the request was in an unknown format");
    }

    private static KubernetesError unsupported(Call call) {
        return new KubernetesError(
                415, "UnsupportedMediaType", "the body of the request was in an unknown format: " + call.contentType());
    }

    /** Sets {@code apiVersion} and {@code kind} to those of the request. */
    static ObjectNode withTypeMeta(ObjectNode object, Target target) {
        return object.put("apiVersion", target.resource().apiVersion(target.version()))
                .put("kind", target.resource().kind());
    }
}
