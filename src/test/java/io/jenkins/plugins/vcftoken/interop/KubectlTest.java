package io.jenkins.plugins.vcftoken.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.jenkins.plugins.vcftoken.binding.Kubeconfig;
import io.jenkins.plugins.vcftoken.oauth.SupervisorNamespace;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** kubectl and helm with a kubeconfig that refers to a token file, which is replaced at each renewal. */
class KubectlTest {

    private static final Duration LIFETIME = Duration.ofSeconds(Integer.getInteger("interop.lifetime", 210));
    private static final int LIFETIMES = Integer.getInteger("interop.lifetimes", 0);

    @TempDir
    private Path directory;

    private Simulator simulator;
    private SupervisorNamespace dev;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start();
        dev = addNamespace("dev");
    }

    private SupervisorNamespace addNamespace(String name) {
        URI endpoint = simulator.kubernetes().addNamespace("acme", "default-project", name);
        return new SupervisorNamespace(name, "default-project", endpoint.toString());
    }

    @AfterEach
    void stop() {
        simulator.close();
    }

    /** Has a context for the organization and for each namespace; the last one is the current context. */
    private Map<String, String> kubeconfig(LeasedTokenFile files, SupervisorNamespace... namespaces) throws Exception {
        Kubeconfig kubeconfig = new Kubeconfig(
                simulator.url(), "acme", List.of(namespaces), simulator.authorityPem(), false, files.token.toString());
        String context = namespaces.length == 0 ? "acme" : kubeconfig.context(namespaces[namespaces.length - 1]);
        return kubeconfig(kubeconfig.json(context));
    }

    private Map<String, String> kubeconfig(String content) throws Exception {
        Path file = Files.writeString(directory.resolve("kubeconfig"), content);
        return Map.of("KUBECONFIG", file.toString());
    }

    private Program.Result kubectl(Map<String, String> environment, String... arguments) throws Exception {
        return Program.require("kubectl").run(directory, environment, arguments);
    }

    @ParameterizedTest
    @CsvSource({"true, v1alpha3", "true, v1alpha1", "false, v1alpha2"})
    void organizationContext_listsSupervisorNamespaces(boolean aggregatedDiscovery, String version) throws Exception {
        simulator.kubernetes().setAggregatedDiscovery(aggregatedDiscovery);
        simulator.kubernetes().setVersions(List.of(version));
        simulator.kubernetes().addNamespace("other", "default-project", "foreign");
        try (LeasedTokenFile files = LeasedTokenFile.ofOrganization(simulator, directory, "acme")) {
            Map<String, String> kubeconfig = kubeconfig(files);
            assertThat(kubectl(kubeconfig, "get", "supervisornamespaces", "--all-namespaces", "--output=name")
                            .success()
                            .strip())
                    .isEqualTo("supervisornamespace.infrastructure.cci.vmware.com/dev");
            assertThat(kubectl(
                                    kubeconfig,
                                    "get",
                                    "svns/dev",
                                    "--namespace=default-project",
                                    "--output=jsonpath={.status.namespaceEndpointURL}")
                            .success())
                    .isEqualTo(dev.endpoint());
        }
        assertThat(simulator.unauthorized()).isZero();
        assertThat(simulator.served()).isPositive();
    }

    @Test
    void organizationContext_moreNamespacesThanOnePage_listsAll() throws Exception {
        for (int i = 0; i < 600; i++) {
            simulator.kubernetes().addNamespace("acme", "default-project", "n" + i);
        }
        try (LeasedTokenFile files = LeasedTokenFile.ofOrganization(simulator, directory, "acme")) {
            assertThat(kubectl(kubeconfig(files), "get", "supervisornamespaces", "-A", "--output=name")
                            .success()
                            .lines())
                    .hasSize(601);
        }
        assertThat(simulator.kubernetes().listRequests()).isEqualTo(2);
        InteropTable.add("kubectl", kubectlVersion(), "get of 601 Supervisor namespaces, in two pages", simulator);
    }

    @Test
    void namespaceContext_objectsAreCreatedReadAndDeleted() throws Exception {
        try (LeasedTokenFile files = LeasedTokenFile.ofOrganization(simulator, directory, "acme")) {
            Map<String, String> kubeconfig = kubeconfig(files, dev);
            Path manifest = Files.writeString(directory.resolve("settings.yaml"), """
                    apiVersion: v1
                    kind: ConfigMap
                    metadata: {name: settings}
                    data: {size: small}
                    """);
            kubectl(kubeconfig, "apply", "--filename=" + manifest).success();
            kubectl(kubeconfig, "create", "secret", "generic", "login", "--from-literal=user=a")
                    .success();
            assertThat(kubectl(kubeconfig, "get", "secret/login", "--output=jsonpath={.data.user}")
                            .success())
                    .isEqualTo("YQ==");
            assertThat(kubectl(kubeconfig, "wait", "--for=jsonpath={.data.size}=small", "configmap/settings")
                            .success())
                    .contains("condition met");
            kubectl(kubeconfig, "delete", "configmap/settings").success();
            assertThat(simulator.kubernetes().names("dev", "configmaps")).isEmpty();
            assertThat(simulator.kubernetes().names("dev", "secrets")).containsExactly("login");
            assertThat(kubectl(kubeconfig, "get", "configmaps", "--all-namespaces")
                            .failure())
                    .contains("Forbidden");
        }
        assertThat(simulator.unauthorized()).isZero();
        InteropTable.add("kubectl", kubectlVersion(), "apply, create, get, wait, delete in a namespace", simulator);
    }

    private String kubectlVersion() throws Exception {
        return Program.require("kubectl").version(directory, "version", "--client");
    }

    @Test
    void kubeconfigOfServerRoot_fails() throws Exception {
        try (LeasedTokenFile files = LeasedTokenFile.ofOrganization(simulator, directory, "acme")) {
            String root = """
                    apiVersion: v1
                    kind: Config
                    clusters: [{name: vcf, cluster: {server: "%s"%s}}]
                    users: [{name: jenkins, user: {tokenFile: "%s"}}]
                    contexts: [{name: vcf, context: {cluster: vcf, user: jenkins}}]
                    current-context: vcf
                    """;
            String url = simulator.url().toString();
            assertThat(kubectl(kubeconfig(root.formatted(url, "", files.token)), "get", "configmaps")
                            .failure())
                    .contains("x509");
            String authority = ", certificate-authority: \"" + files.certificates + '"';
            assertThat(kubectl(kubeconfig(root.formatted(url, authority, files.token)), "get", "configmaps")
                            .failure())
                    .contains("the server could not find the requested resource");
        }
        assertThat(simulator.served()).isZero();
        assertThat(simulator.notFound()).isPositive();
    }

    @ParameterizedTest
    @ValueSource(strings = {"System", "other"})
    void accessTokenOfAnotherOrganization_isUnauthorized(String organization) throws Exception {
        try (LeasedTokenFile files = LeasedTokenFile.ofOrganization(simulator, directory, organization)) {
            assertThat(kubectl(kubeconfig(files, dev), "get", "configmaps").failure())
                    .contains("You must be logged in to the server");
        }
        assertThat(simulator.unauthorized()).isPositive();
    }

    @Test
    void kubeconfigOfVksCluster_worksWithoutAccessToken() throws Exception {
        simulator.kubernetes().addGuestCluster("dev", "app");
        try (LeasedTokenFile files = LeasedTokenFile.ofOrganization(simulator, directory, "acme")) {
            String kubeconfig = kubectl(
                            kubeconfig(files, dev),
                            "get",
                            "secret/app-kubeconfig",
                            "--template={{.data.value | base64decode}}")
                    .success();
            int served = simulator.served();
            Map<String, String> guest = kubeconfig(kubeconfig);
            kubectl(guest, "create", "configmap", "settings", "--from-literal=size=small")
                    .success();
            assertThat(kubectl(guest, "get", "configmaps", "--output=name")
                            .success()
                            .strip())
                    .isEqualTo("configmap/settings");
            assertThat(simulator.served()).isEqualTo(served);
        }
    }

    @Test
    void helm_installsListsAndUninstalls() throws Exception {
        Program helm = Program.require("helm");
        Path chart = chart();
        try (LeasedTokenFile files = LeasedTokenFile.ofOrganization(simulator, directory, "acme")) {
            Map<String, String> kubeconfig = kubeconfig(files, dev);
            helm.run(directory, kubeconfig, "install", "app", chart.toString()).success();
            assertThat(helm.run(directory, kubeconfig, "list", "--short")
                            .success()
                            .strip())
                    .isEqualTo("app");
            assertThat(simulator.kubernetes().names("dev", "virtualmachines")).containsExactly("app");
            assertThat(simulator.kubernetes().names("dev", "secrets")).containsExactly("sh.helm.release.v1.app.v1");
            helm.run(directory, kubeconfig, "uninstall", "app").success();
            assertThat(simulator.kubernetes().names("dev", "virtualmachines")).isEmpty();
            assertThat(simulator.kubernetes().names("dev", "secrets")).isEmpty();
        }
        assertThat(simulator.unauthorized()).isZero();
    }

    /** The server ends one of the watches every five seconds, so that kubectl sends another request. */
    @Test
    void accessTokenIsRenewedDuringOneProcess_noRequestIsUnauthorized() throws Exception {
        assumeTrue(LIFETIMES > 0, "-Dinterop.lifetimes is not set; InteropJenkinsTest takes one lifetime");
        Program kubectl = Program.require("kubectl");
        Program helm = Program.require("helm");
        simulator.setLifetime(LIFETIME);
        SupervisorNamespace test = addNamespace("test");
        simulator.kubernetes().setMaxWatchDuration("test", Duration.ofSeconds(5));
        simulator.kubernetes().setMaxWatchDuration("dev", LIFETIME.multipliedBy(LIFETIMES + 2));
        Path chart = chart();
        Duration limit = LIFETIME.multipliedBy(LIFETIMES + 1);
        String timeout = "--timeout=" + limit.toSeconds() + "s";
        try (LeasedTokenFile files = LeasedTokenFile.ofOrganization(simulator, directory, "acme")) {
            Map<String, String> kubeconfig = kubeconfig(files, dev, test);
            helm.run(
                            directory,
                            kubeconfig,
                            "--kube-context=acme:dev:default-project",
                            "install",
                            "one",
                            chart.toString())
                    .success();
            helm.run(
                            directory,
                            kubeconfig,
                            "--kube-context=acme:test:default-project",
                            "install",
                            "two",
                            chart.toString())
                    .success();
            Program.Run oneWatch = kubectl.start(
                    directory,
                    kubeconfig,
                    "--context=acme:dev:default-project",
                    "wait",
                    "--for=condition=Ready",
                    "vm/one",
                    timeout);
            Program.Run manyWatches = kubectl.start(
                    directory,
                    kubeconfig,
                    "--context=acme:test:default-project",
                    "wait",
                    "--for=condition=Ready",
                    "vm/two",
                    timeout);
            Program.Run release = helm.start(
                    directory,
                    kubeconfig,
                    "--kube-context=acme:test:default-project",
                    "install",
                    "three",
                    chart.toString(),
                    "--wait",
                    timeout);
            Thread.sleep(LIFETIME.multipliedBy(LIFETIMES).plusSeconds(5).toMillis());
            assertThat(List.of(oneWatch, manyWatches, release))
                    .allSatisfy(run -> assertThat(run.process().isAlive())
                            .as(Files.readString(run.log()))
                            .isTrue());
            makeReady(simulator, "dev", "one");
            makeReady(simulator, "test", "two");
            makeReady(simulator, "test", "three");
            oneWatch.await(Duration.ofSeconds(30)).success();
            manyWatches.await(Duration.ofSeconds(30)).success();
            release.await(Duration.ofSeconds(30)).success();
            // client-go reads the token file once a minute, so a new process is needed to use the next access token.
            kubectl(kubeconfig, "--context=acme:dev:default-project", "get", "configmaps")
                    .success();
            assertThat(files.warnings).isEmpty();
        }
        assertThat(simulator.unauthorized()).isZero();
        assertThat(simulator.accessTokens()).hasSizeGreaterThan(LIFETIMES);
        assertThat(simulator.kubernetes().watches()).isGreaterThan((int) LIFETIME.toSeconds() * LIFETIMES / 5);
        InteropTable.add(
                "kubectl, helm",
                kubectlVersion() + ", " + helm.version(directory, "version", "--short"),
                "wait in one process for " + LIFETIMES + " lifetimes of " + LIFETIME.toSeconds() + " s, "
                        + simulator.served() + " requests, "
                        + simulator.kubernetes().watches() + " of them watches",
                simulator);
    }

    static void makeReady(Simulator simulator, String namespace, String name) {
        simulator
                .kubernetes()
                .changeObject(
                        namespace,
                        "virtualmachines",
                        name,
                        machine -> machine.withObject("/status")
                                .putArray("conditions")
                                .addObject()
                                .put("type", "Ready")
                                .put("status", "True"));
    }

    /** A chart with a virtual machine that is not ready until {@link #makeReady}. */
    private Path chart() throws Exception {
        Path chart =
                Files.createDirectories(directory.resolve("chart/templates")).getParent();
        Files.writeString(chart.resolve("Chart.yaml"), """
                apiVersion: v2
                name: machine
                version: 1.0.0
                """);
        Files.writeString(chart.resolve("templates/machine.yaml"), """
                apiVersion: vmoperator.vmware.com/v1alpha3
                kind: VirtualMachine
                metadata: {name: "{{ .Release.Name }}"}
                spec: {powerState: PoweredOn}
                status: {conditions: [{type: Ready, status: "False"}]}
                """);
        return chart;
    }
}
