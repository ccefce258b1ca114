package io.jenkins.plugins.vcftoken.simulator;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Kubernetes API of VCF Automation: the Supervisor namespaces of an organization at {@code /cci/kubernetes}, and the
 * objects of each namespace at the URL in its status. Each request needs an access token of that organization; an open
 * watch continues after its access token has expired, as on a real API server.
 */
public final class KubernetesApi {

    private static final String CCI = "/cci/kubernetes";
    private static final String PROXY = "/proxy/k8s/namespaces/";
    private static final String GROUP = "infrastructure.cci.vmware.com";

    private static final KubernetesResource CONFIG_MAPS =
            new KubernetesResource("", List.of("v1"), "configmaps", "ConfigMap", "cm");
    private static final KubernetesResource SECRETS =
            new KubernetesResource("", List.of("v1"), "secrets", "Secret", "sec");
    private static final KubernetesResource VIRTUAL_MACHINES = new KubernetesResource(
            "vmoperator.vmware.com", List.of("v1alpha3"), "virtualmachines", "VirtualMachine", "vm");

    private static final ObjectMapper JSON = new ObjectMapper();

    private record Namespace(String organization, String path, KubernetesEndpoint endpoint) {}

    private final Simulator simulator;
    private final Map<String, KubernetesEndpoint> organizations = new ConcurrentHashMap<>();
    private final Map<String, Namespace> namespaces = new ConcurrentHashMap<>();
    private final List<GuestCluster> guestClusters = new CopyOnWriteArrayList<>();
    private final AtomicInteger listRequests = new AtomicInteger();
    private final AtomicInteger watches = new AtomicInteger();
    private volatile List<String> versions = List.of("v1alpha3", "v1alpha2", "v1alpha1");
    private volatile boolean aggregatedDiscovery = true;

    KubernetesApi(Simulator simulator) {
        this.simulator = simulator;
    }

    // Configuration by tests

    /**
     * @param name must be unique across all organizations
     * @return URL of its API
     */
    public URI addNamespace(String organization, String project, String name) {
        simulator.addOrganization(organization);
        String urn = "urn:vcloud:namespace:" + UUID.randomUUID();
        KubernetesEndpoint endpoint = new KubernetesEndpoint(
                new KubernetesObjects(simulator::now), name, () -> List.of(CONFIG_MAPS, SECRETS, VIRTUAL_MACHINES));
        namespaces.put(name, new Namespace(organization, PROXY + urn, endpoint));
        URI url = simulator.url().resolve(PROXY + urn);
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        object.putObject("metadata").putObject("annotations").put(GROUP + "/id", urn);
        object.putObject("spec").put("className", "small").put("regionName", "west");
        ObjectNode status = object.putObject("status").put("phase", "Created");
        status.put("namespaceEndpointURL", url.toString());
        status.putArray("conditions").addObject().put("type", "Ready").put("status", "True");
        put(organization(organization), new KubernetesObjects.Key("supervisornamespaces", project, name), object);
        return url;
    }

    public void addVirtualMachine(String namespace, String name) {
        ObjectNode machine = JsonNodeFactory.instance.objectNode();
        machine.putObject("spec").put("powerState", "PoweredOn");
        put(namespace(namespace).endpoint(), new KubernetesObjects.Key("virtualmachines", namespace, name), machine);
    }

    /** Starts a VKS cluster and stores its kubeconfig in a Secret of the Supervisor namespace. */
    public void addGuestCluster(String namespace, String name) throws IOException {
        GuestCluster cluster = new GuestCluster(
                new KubernetesObjects(simulator::now), List.of(CONFIG_MAPS, SECRETS), simulator.threads());
        guestClusters.add(cluster);
        ObjectNode secret = JsonNodeFactory.instance.objectNode().put("type", "Opaque");
        secret.putObject("data").put("value", GuestCluster.base64(cluster.kubeconfig()));
        put(
                namespace(namespace).endpoint(),
                new KubernetesObjects.Key("secrets", namespace, name + "-kubeconfig"),
                secret);
    }

    void close() {
        guestClusters.forEach(GuestCluster::close);
    }

    /** Changes the {@code SupervisorNamespace} object. */
    public void changeNamespace(String organization, String project, String name, Consumer<ObjectNode> change) {
        change(organization(organization), new KubernetesObjects.Key("supervisornamespaces", project, name), change);
    }

    /** Changes an object in a Supervisor namespace, for example its status. */
    public void changeObject(String namespace, String resource, String name, Consumer<ObjectNode> change) {
        change(namespace(namespace).endpoint(), new KubernetesObjects.Key(resource, namespace, name), change);
    }

    /** @param versions API versions of {@code supervisornamespaces}, preferred one first; empty to remove the API */
    public void setVersions(List<String> versions) {
        this.versions = versions;
    }

    /** Enables aggregated discovery, which Kubernetes supports since 1.27. */
    public void setAggregatedDiscovery(boolean aggregatedDiscovery) {
        this.aggregatedDiscovery = aggregatedDiscovery;
    }

    /** Sets the maximum duration of a watch in a Supervisor namespace. */
    public void setMaxWatchDuration(String namespace, Duration maxWatchDuration) {
        namespace(namespace).endpoint().setMaxWatchDuration(maxWatchDuration);
    }

    // Counters and state for assertions

    public int listRequests() {
        return listRequests.get();
    }

    public int watches() {
        return watches.get();
    }

    public List<String> names(String namespace, String resource) {
        return namespace(namespace).endpoint().objects.all(resource).stream()
                .map(event -> event.key().name())
                .toList();
    }

    // Request handling

    boolean serves(String path) {
        return path.equals(CCI) || path.startsWith(CCI + '/') || path.startsWith(PROXY);
    }

    void handle(HttpExchange exchange) throws IOException, InterruptedException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        try {
            answer(exchange, call(exchange, body));
        } catch (KubernetesError e) {
            SimulatorHandler.answer(exchange, e.reply());
        }
    }

    /** Converts a protobuf body to JSON. */
    static Call call(HttpExchange exchange, byte[] body) throws KubernetesError {
        boolean protobuf =
                KubernetesProtobuf.TYPE.equals(exchange.getRequestHeaders().getFirst("Content-Type"))
                        && !exchange.getRequestMethod().equals("DELETE");
        return new Call(
                exchange.getRequestMethod(),
                exchange.getRequestURI().getRawPath(),
                exchange.getRequestURI().getRawQuery(),
                exchange.getRequestHeaders(),
                protobuf ? KubernetesProtobuf.read(body).toString() : new String(body, StandardCharsets.UTF_8),
                false);
    }

    private void answer(HttpExchange exchange, Call call) throws IOException, InterruptedException, KubernetesError {
        String authorization = call.header("Authorization");
        String accessToken = authorization.startsWith("Bearer ") ? authorization.substring(7) : "";
        String path = call.path().replace("%3A", ":");
        String organization = simulator.organizationOf(accessToken);
        Namespace namespace = namespaces.values().stream()
                .filter(found -> path.startsWith(found.path() + '/'))
                .findFirst()
                .orElse(null);
        String owner = namespace == null ? organization : namespace.organization();
        boolean isTenant = !owner.equalsIgnoreCase("System") && simulator.knowsOrganization(owner);
        if (!simulator.admits(isTenant ? accessToken : "", owner)) {
            throw new KubernetesError(401, "Unauthorized", "Unauthorized");
        }
        if (namespace == null && path.startsWith(PROXY)) {
            throw new KubernetesError(404, "NotFound", "there is no such namespace");
        }
        KubernetesEndpoint endpoint = namespace == null ? organization(organization) : namespace.endpoint();
        String relativePath = path.substring(
                namespace == null ? CCI.length() : namespace.path().length());
        endpoint.setAggregatedDiscovery(aggregatedDiscovery);
        String watch = call.parameters().getOrDefault("watch", "false");
        if (call.method().equals("GET") && (watch.equals("true") || watch.equals("1"))) {
            watch(exchange, call, endpoint, endpoint.target(relativePath));
        } else {
            if (call.method().equals("GET") && endpoint.isList(relativePath)) {
                listRequests.incrementAndGet();
            }
            SimulatorHandler.answer(exchange, endpoint.answer(call, relativePath));
        }
    }

    private void watch(HttpExchange exchange, Call call, KubernetesEndpoint endpoint, KubernetesEndpoint.Target target)
            throws IOException, InterruptedException, KubernetesError {
        if (call.parameters().containsKey("sendInitialEvents")) {
            throw new KubernetesError(
                    422, "Invalid", "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch");
        }
        watches.incrementAndGet();
        Predicate<KubernetesObjects.Event> selected = endpoint.selected(call, target);
        int seconds = KubernetesEndpoint.parseInt(call.parameters().get("timeoutSeconds"));
        Instant end = Instant.now().plus(endpoint.watchTimeout(seconds));
        long seen = KubernetesEndpoint.parseInt(call.parameters().get("resourceVersion"));
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, 0);
        OutputStream out = exchange.getResponseBody();
        out.flush();
        if (seen == 0) {
            List<KubernetesObjects.Event> all;
            synchronized (endpoint.objects) {
                seen = endpoint.objects.version();
                all = endpoint.objects.all(target.resource().name());
            }
            for (KubernetesObjects.Event event : all) {
                send(out, event, selected, target);
            }
        }
        while (Instant.now().isBefore(end)) {
            for (KubernetesObjects.Event event :
                    endpoint.objects.awaitChanges(seen, Duration.between(Instant.now(), end))) {
                send(out, event, selected, target);
                seen = event.version();
            }
        }
    }

    private static void send(
            OutputStream out,
            KubernetesObjects.Event event,
            Predicate<KubernetesObjects.Event> selected,
            KubernetesEndpoint.Target target)
            throws IOException {
        if (selected.test(event)) {
            ObjectNode line = JSON.createObjectNode().put("type", event.type());
            line.set("object", KubernetesEndpoint.withTypeMeta(event.object().deepCopy(), target));
            out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            out.flush();
        }
    }

    private KubernetesEndpoint organization(String organization) {
        return organizations.computeIfAbsent(
                organization,
                name -> new KubernetesEndpoint(
                        new KubernetesObjects(simulator::now), null, this::resourcesOfOrganization));
    }

    private List<KubernetesResource> resourcesOfOrganization() {
        List<String> served = versions;
        return served.isEmpty()
                ? List.of()
                : List.of(new KubernetesResource(GROUP, served, "supervisornamespaces", "SupervisorNamespace", "svns"));
    }

    private Namespace namespace(String name) {
        Namespace namespace = namespaces.get(name);
        if (namespace == null) {
            throw new IllegalArgumentException("No Supervisor namespace " + name);
        }
        return namespace;
    }

    private static void change(KubernetesEndpoint endpoint, KubernetesObjects.Key key, Consumer<ObjectNode> change) {
        ObjectNode object = endpoint.objects.get(key);
        if (object == null) {
            throw new IllegalArgumentException("No object " + key);
        }
        change.accept(object);
        put(endpoint, key, object);
    }

    private static void put(KubernetesEndpoint endpoint, KubernetesObjects.Key key, ObjectNode object) {
        try {
            endpoint.objects.put(key, object);
        } catch (KubernetesError e) {
            throw new IllegalStateException(e);
        }
    }
}
