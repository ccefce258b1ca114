package io.jenkins.plugins.vcftoken.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Objects of one type in the CloudAPI of VCF Automation and Cloud Director. Only the provider can create, change and
 * delete them; an organization can read its visible objects. The response is 403 for both absent and invisible objects.
 */
public abstract class CloudApiObjects implements ResourceApi {

    static final ObjectMapper JSON = new ObjectMapper();

    final Simulator simulator;
    private final String path;
    private final Set<String> required;
    private final Set<String> optional;
    private final Map<String, ObjectNode> objects = new LinkedHashMap<>();

    /** @param path path of the list, without trailing slash */
    CloudApiObjects(Simulator simulator, String path, Set<String> required, Set<String> optional) {
        this.simulator = simulator;
        this.path = path;
        this.required = required;
        this.optional = optional;
    }

    abstract String urn(JsonNode properties);

    boolean isVisible(ObjectNode object, String organization) {
        return true;
    }

    /** @return reason why an object cannot be deleted; null if it can */
    @CheckForNull
    String deletionError(ObjectNode object) {
        return null;
    }

    void afterCreate(ObjectNode object) {}

    void afterDelete(ObjectNode object) {}

    public List<JsonNode> all() {
        synchronized (simulator) {
            return List.copyOf(objects.values());
        }
    }

    void put(ObjectNode object) {
        object.put("id", urn(object));
        objects.putIfAbsent(urn(object), object);
    }

    @Override
    public boolean serves(String path) {
        return path.equals(this.path) || path.startsWith(this.path + '/');
    }

    @Override
    @CheckForNull
    public String violation(Call call) {
        return null;
    }

    @Override
    public Reply answer(Call call) {
        if (!simulator.tenants().accepts(call, "application/json")) {
            return error(406, "NOT_ACCEPTABLE", call.header("Accept"));
        }
        if (!simulator.admits(call.accessToken())) {
            return Reply.json(401, "");
        }
        String organization = simulator.organizationOf(call.accessToken());
        String urn = urn(call.path());
        if (call.method().equals("GET")) {
            return urn.isEmpty() ? list(call, organization) : read(urn, organization);
        }
        if (!organization.equals("System")) {
            return forbidden();
        }
        return switch (call.method() + (urn.isEmpty() ? " list" : " object")) {
            case "POST list" -> create(call);
            case "PUT object" -> update(urn, call);
            case "DELETE object" -> delete(urn);
            default -> error(405, "METHOD_NOT_ALLOWED", call.method());
        };
    }

    private String urn(String path) {
        return path.substring(Math.min(path.length(), this.path.length() + 1));
    }

    private Reply list(Call call, String organization) {
        List<String> found = new ArrayList<>();
        for (ObjectNode object : objects.values()) {
            if (isVisible(object, organization)
                    && matches(object, call.parameters().get("filter"))) {
                found.add(object.toString());
            }
        }
        return SimulatedOrganizations.page(call.parameters(), found, 128);
    }

    /** @param filter conditions such as {@code name==acme}, separated by semicolons; null for none */
    private static boolean matches(ObjectNode object, @CheckForNull String filter) {
        if (filter == null) {
            return true;
        }
        for (String condition : filter.split(";")) {
            String[] sides = condition.split("==", 2);
            if (sides.length < 2 || !object.path(sides[0]).asText().equals(sides[1])) {
                return false;
            }
        }
        return true;
    }

    private Reply read(String urn, String organization) {
        ObjectNode object = objects.get(urn);
        return object != null && isVisible(object, organization) ? Reply.json(200, object.toString()) : forbidden();
    }

    private Reply create(Call call) {
        Reply refusal = refusal(call);
        if (refusal != null) {
            return refusal;
        }
        ObjectNode object = call.json().deepCopy();
        if (objects.containsKey(urn(object))) {
            return error(400, "DUPLICATE_NAME", urn(object));
        }
        put(object);
        afterCreate(object);
        return Reply.json(201, object.toString());
    }

    private Reply update(String urn, Call call) {
        Reply refusal = refusal(call);
        if (refusal != null || !objects.containsKey(urn)) {
            return refusal != null ? refusal : forbidden();
        }
        // PUT replaces the whole object: omitted properties are reset.
        ObjectNode object = call.json().deepCopy();
        objects.put(urn, object.put("id", urn));
        return Reply.json(200, object.toString());
    }

    private Reply delete(String urn) {
        ObjectNode object = objects.get(urn);
        if (object == null) {
            return forbidden();
        }
        String problem = deletionError(object);
        if (problem != null) {
            return error(400, "BUSY_ENTITY", problem);
        }
        objects.remove(urn);
        afterDelete(object);
        return new Reply(204, "application/json", "");
    }

    @CheckForNull
    private Reply refusal(Call call) {
        if (!call.contentType().equals("application/json")) {
            return error(415, "UNSUPPORTED_MEDIA_TYPE", call.contentType());
        }
        Set<String> missing = new TreeSet<>(required);
        Set<String> unknown = new TreeSet<>();
        call.json().fieldNames().forEachRemaining(name -> {
            missing.remove(name);
            if (!name.equals("id") && !required.contains(name) && !optional.contains(name)) {
                unknown.add(name);
            }
        });
        return missing.isEmpty() && unknown.isEmpty()
                ? null
                : error(400, "BAD_REQUEST", "missing " + missing + ", unknown " + unknown);
    }

    private static Reply forbidden() {
        return error(403, "ACCESS_TO_RESOURCE_IS_FORBIDDEN", "No access to the object, or no such object");
    }

    private static Reply error(int status, String code, String message) {
        return Reply.json(
                status,
                JSON.createObjectNode()
                        .put("minorErrorCode", code)
                        .put("message", message)
                        .toString());
    }
}
