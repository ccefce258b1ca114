package io.jenkins.plugins.vcftoken.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real API server rejects requests without permission, and updates with an old resource version. */
class KubernetesApiServerTest {

    @TempDir
    private static Path directory;

    private static KubernetesApiServer server;
    private static Path controller;

    @BeforeAll
    static void start() throws Exception {
        server = KubernetesApiServer.start(directory);
        server.applyNamespace("ci", List.of("jenkins"), KubernetesApiServer.updateRule(List.of("vcfa")));
        server.apply("""
                apiVersion: v1
                kind: Secret
                metadata: {name: vcfa, namespace: ci}
                stringData: {refreshToken: initial}
                ---
                apiVersion: v1
                kind: Secret
                metadata: {name: other, namespace: ci}
                stringData: {password: none}
                """);
        controller = server.kubeconfig("ci", "jenkins");
    }

    @AfterAll
    static void stop() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    private static Program.Result replace(String manifest) throws Exception {
        Path file = Files.writeString(Files.createTempFile(directory, "secret", ".json"), manifest);
        return server.kubectlAs(controller, "replace", "--filename=" + file);
    }

    private static String secret() throws Exception {
        return server.kubectlAs(controller, "get", "secret/vcfa", "--output=json")
                .success();
    }

    @Test
    void updateOfNamedSecret_atItsResourceVersion_isAllowedOnce() throws Exception {
        String before = secret();
        replace(before.replaceFirst("\"refreshToken\": \"[^\"]*\"", "\"refreshToken\": \"bmV4dA==\""))
                .success();
        assertThat(secret()).contains("\"refreshToken\": \"bmV4dA==\"");
        assertThat(replace(before).failure()).contains("Conflict").contains("the object has been modified");
        assertThat(secret()).contains("\"refreshToken\": \"bmV4dA==\"");
    }

    @Test
    void otherSecretOrOtherVerb_isForbidden() throws Exception {
        assertThat(server.kubectlAs(controller, "get", "secret/other").failure())
                .contains("Forbidden")
                .contains("secrets \"other\"");
        assertThat(server.kubectlAs(controller, "get", "secrets").failure()).contains("Forbidden");
        assertThat(server.kubectlAs(controller, "delete", "secret/vcfa").failure())
                .contains("Forbidden");
        assertThat(server.kubectlAs(controller, "get", "secret/vcfa", "--namespace=default")
                        .failure())
                .contains("Forbidden");
    }

    @Test
    void killedApiServer_refusesConnections_andKeepsSecretsAcrossRestart() throws Exception {
        String before = secret();
        server.kill();
        assertThat(server.kubectlAs(controller, "get", "secret/vcfa").failure()).contains("refused");
        server.restart();
        assertThat(secret()).isEqualTo(before);
    }
}
