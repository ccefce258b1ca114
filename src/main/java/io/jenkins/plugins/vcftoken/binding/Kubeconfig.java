package io.jenkins.plugins.vcftoken.binding;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.jenkins.plugins.vcftoken.oauth.SupervisorNamespace;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;

/**
 * A <a href="https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/">kubeconfig</a> for an organization of VCF
 * Automation, with a context for the organization and one for each Supervisor namespace. The context names are those of
 * the vendor's Terraform provider. Written as JSON, which is valid YAML. Contains no secret: it refers to a token file,
 * which Kubernetes clients read again every minute.
 *
 * @param url URL of VCF Automation
 * @param caCertificates PEM; empty for the certificates of the operating system
 * @param skipTlsVerification whether any certificate is accepted
 * @param tokenFile path of the token file, absolute or relative to the directory of the kubeconfig
 */
public record Kubeconfig(
        URI url,
        String organization,
        List<SupervisorNamespace> namespaces,
        String caCertificates,
        boolean skipTlsVerification,
        String tokenFile) {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final String USER = "jenkins";

    /** @return name of the context with the Supervisor namespace as default namespace */
    public String context(SupervisorNamespace namespace) {
        return organization + ':' + namespace.name() + ':' + namespace.project();
    }

    /** @return names of all contexts, starting with that of the organization */
    List<String> contextNames() {
        return Stream.concat(Stream.of(organization), namespaces.stream().map(this::context))
                .toList();
    }

    /** @param currentContext name of one of the contexts */
    public String json(String currentContext) {
        ObjectNode config = JSON.objectNode().put("apiVersion", "v1").put("kind", "Config");
        config.put("current-context", currentContext);
        ArrayNode clusters = config.putArray("clusters");
        ArrayNode contexts = config.putArray("contexts");
        String host = url.getRawAuthority();
        String cluster = organization + ':' + host;
        String server = url.toString().replaceAll("/+$", "") + "/cci/kubernetes";
        clusters.add(cluster(cluster, server));
        contexts.add(namedEntry(
                organization,
                "context",
                JSON.objectNode().put("cluster", cluster).put("user", USER)));
        for (SupervisorNamespace namespace : namespaces) {
            String name = organization + ':' + namespace.name() + '@' + host;
            clusters.add(cluster(name, namespace.endpoint()));
            ObjectNode context = JSON.objectNode().put("cluster", name).put("user", USER);
            contexts.add(namedEntry(context(namespace), "context", context.put("namespace", namespace.name())));
        }
        config.putArray("users").add(namedEntry(USER, "user", JSON.objectNode().put("tokenFile", tokenFile)));
        return config.toPrettyString();
    }

    private ObjectNode cluster(String name, String server) {
        ObjectNode cluster = JSON.objectNode().put("server", server);
        if (skipTlsVerification) {
            cluster.put("insecure-skip-tls-verify", true);
        } else if (!caCertificates.isEmpty()) {
            cluster.put(
                    "certificate-authority-data",
                    Base64.getEncoder().encodeToString(caCertificates.getBytes(StandardCharsets.UTF_8)));
        }
        return namedEntry(name, "cluster", cluster);
    }

    private static ObjectNode namedEntry(String name, String field, ObjectNode value) {
        return JSON.objectNode().put("name", name).set(field, value);
    }
}
