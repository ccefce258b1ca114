package io.jenkins.plugins.vcftoken.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.binding.Kubeconfig;
import io.jenkins.plugins.vcftoken.oauth.SupervisorNamespace;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The shell scripts of the sample Jenkinsfiles, run by the real programs, with the variables and files of a block. */
class SampleScriptsTest {

    private static final int LIFETIMES = 10;

    @TempDir
    private Path directory;

    private Simulator simulator;
    private final Map<String, String> environment = new HashMap<>();

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start();
        environment.put("VCF_URL", simulator.url().toString());
    }

    @AfterEach
    void stop() {
        simulator.close();
    }

    /** As Jenkins runs it. */
    private String run(String script) throws Exception {
        return Program.ofMachine("sh")
                .run(directory, environment, "-xe", "-c", script)
                .success();
    }

    private void export(RenewedTokenFiles files) {
        environment.put("VCF_TOKEN_FILE", files.token.toString());
        environment.put("VCF_HEADER_FILE", files.header.toString());
        environment.put("VCF_CA_FILE", files.certificates.toString());
        environment.put("CURL_CA_BUNDLE", files.certificates.toString());
    }

    /** Exports what the tools of Kubernetes need. */
    private void exportKubeconfig(RenewedTokenFiles files) throws Exception {
        URI endpoint = simulator.kubernetes().addNamespace("acme", "default-project", "dev");
        Kubeconfig kubeconfig = new Kubeconfig(
                simulator.url(),
                "acme",
                List.of(new SupervisorNamespace("dev", "default-project", endpoint.toString())),
                simulator.authorityPem(),
                false,
                files.token.toString());
        Path file = Files.writeString(directory.resolve("kubeconfig"), kubeconfig.json("acme"));
        environment.put("KUBECONFIG", file.toString());
    }

    private void assertRenewedWithoutA401(int requests) {
        assertThat(simulator.unauthorized()).isZero();
        assertThat(simulator.served()).isEqualTo(requests);
        assertThat(simulator.accessTokens()).hasSizeGreaterThan(LIFETIMES);
    }

    @Test
    void curlLoop_readsTheHeaderFileForEachRequest() throws Exception {
        Program.ofMachine("curl");
        simulator.setLifetime(Duration.ofSeconds(3));
        environment.put("ROUNDS", String.valueOf(3 * LIFETIMES));
        try (RenewedTokenFiles files = RenewedTokenFiles.ofOrganization(simulator, directory, "acme")) {
            export(files);
            run(Sample.scripts("curl-loop").get(0));
        }
        assertRenewedWithoutA401(3 * LIFETIMES);
    }

    @Test
    void pythonSdk_readsTheTokenFileForEachCall() throws Exception {
        Program python = Program.require("vcf-sdk-python");
        Path programs = Files.createDirectory(directory.resolve("bin"));
        Files.createSymbolicLink(programs.resolve("python3"), python.file());
        environment.put("PATH", programs + ":" + Program.path());
        Files.copy(Sample.file("sddc_domains.py"), directory.resolve("sddc_domains.py"));
        simulator.setLifetime(Duration.ofSeconds(3));
        environment.put("ROUNDS", String.valueOf(3 * LIFETIMES));
        environment.put("PAUSE", "1");
        try (RenewedTokenFiles files = RenewedTokenFiles.ofSddcManager(simulator, directory)) {
            export(files);
            assertThat(run(Sample.scripts("python-sdk").get(0))).contains("mgmt ACTIVE");
        }
        assertRenewedWithoutA401(3 * LIFETIMES);
    }

    /** A new process makes each request, which takes a second on a slow machine. */
    @Test
    void ansible_readsTheTokenFileForEachItemOfALoop() throws Exception {
        Program.require("ansible-playbook");
        Files.copy(Sample.file("deployments.yml"), directory.resolve("deployments.yml"));
        simulator.setLifetime(Duration.ofSeconds(12));
        int rounds = 4 * LIFETIMES;
        try (RenewedTokenFiles files = RenewedTokenFiles.ofOrganization(simulator, directory, "acme")) {
            export(files);
            run(Sample.scripts("ansible").get(0) + " -e rounds=" + rounds + " -e pause=2.5");
        }
        assertRenewedWithoutA401(rounds);
    }

    @Test
    void helm_installsAChart() throws Exception {
        Program.require("helm");
        Path chart = Files.createDirectories(directory.resolve("chart/templates"));
        Files.writeString(directory.resolve("chart/Chart.yaml"), "{apiVersion: v2, name: app, version: 1.0.0}");
        Files.writeString(
                chart.resolve("settings.yaml"),
                "{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {size: small}}");
        try (RenewedTokenFiles files = RenewedTokenFiles.ofOrganization(simulator, directory, "acme")) {
            exportKubeconfig(files);
            run(Sample.scripts("helm").get(0));
            assertThat(simulator.kubernetes().names("dev", "configmaps")).containsExactly("settings");
        }
        assertThat(simulator.unauthorized()).isZero();
    }

    @Test
    void vksCluster_isUsedWithTheKubeconfigOfItsSecret() throws Exception {
        Program.require("kubectl");
        try (RenewedTokenFiles files = RenewedTokenFiles.ofOrganization(simulator, directory, "acme")) {
            exportKubeconfig(files);
            simulator.kubernetes().addGuestCluster("dev", "app");
            for (String script : Sample.scripts("vks-cluster")) {
                run(script);
            }
        }
        assertThat(directory.resolve("guest.kubeconfig")).doesNotExist();
        assertThat(simulator.unauthorized()).isZero();
    }
}
