package io.jenkins.plugins.vcftoken.interop;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;

/** Writes a kubeconfig with a token file, in JSON, which is YAML. */
final class Kubeconfig {

    private final ObjectNode config =
            JsonNodeFactory.instance.objectNode().put("apiVersion", "v1").put("kind", "Config");
    private final ArrayNode clusters = config.putArray("clusters");
    private final ArrayNode contexts = config.putArray("contexts");

    @CheckForNull
    private final String certificates;

    /** @param certificates in PEM; null for those of the operating system */
    Kubeconfig(Path tokenFile, @CheckForNull String certificates) {
        this.certificates = certificates;
        config.putArray("users")
                .addObject()
                .put("name", "jenkins")
                .putObject("user")
                .put("tokenFile", tokenFile.toString());
    }

    /** The first one becomes the current context. */
    Kubeconfig context(String name, URI server, String namespace) {
        ObjectNode cluster =
                clusters.addObject().put("name", name).putObject("cluster").put("server", server.toString());
        if (certificates != null) {
            byte[] pem = certificates.getBytes(StandardCharsets.UTF_8);
            cluster.put("certificate-authority-data", Base64.getEncoder().encodeToString(pem));
        }
        contexts.addObject()
                .put("name", name)
                .putObject("context")
                .put("cluster", name)
                .put("user", "jenkins")
                .put("namespace", namespace);
        if (!config.has("current-context")) {
            config.put("current-context", name);
        }
        return this;
    }

    Path write(Path file) throws IOException {
        return Files.writeString(file, config.toString());
    }
}
