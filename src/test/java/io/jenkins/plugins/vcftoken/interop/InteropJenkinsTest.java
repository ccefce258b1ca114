package io.jenkins.plugins.vcftoken.interop;

import static org.assertj.core.api.Assertions.assertThat;

import hudson.model.queue.QueueTaskFuture;
import hudson.slaves.EnvironmentVariablesNodeProperty;
import hudson.slaves.EnvironmentVariablesNodeProperty.Entry;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.simulator.SimulatedOrganizations;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/**
 * The sample Jenkinsfiles, unchanged, with the real programs in a Pipeline. Samples that mostly wait run in parallel;
 * they are started before the tests.
 */
@WithJenkins
class InteropJenkinsTest {

    private static final int LIFETIMES = 10;

    /** client-go uses an access token for up to 50 seconds after its renewal, which is at 75 % of the lifetime. */
    private static final Duration KUBERNETES_LIFETIME = Duration.ofSeconds(210);

    /** The sample before there was a binding: an access token in the variable of the API token. */
    private static final String FORMER_TERRAFORM = """
            node {
                withVcfToken(credentialsId: 'vcfa', tokenVariable: 'VCFA_API_TOKEN', minimumValidity: 30) {
                    sh 'terraform init -input=false'
                    sh 'terraform plan -input=false -out=plan'
                    sh 'terraform apply -input=false plan'
                }
            }
            """;

    /** The sample before there was a binding: the root URL of the server, without CA certificate. */
    private static final String FORMER_KUBECTL = """
            node {
                withVcfToken(credentialsId: 'vcfa', bindings: [tokenFile('VCF_TOKEN_FILE')]) {
                    sh '''
                        cat > kubeconfig <<EOF
            apiVersion: v1
            kind: Config
            clusters: [{name: vcf, cluster: {server: "$VCF_URL"}}]
            users: [{name: jenkins, user: {tokenFile: "$VCF_TOKEN_FILE"}}]
            contexts: [{name: vcf, context: {cluster: vcf, user: jenkins}}]
            current-context: vcf
            EOF
                        kubectl --kubeconfig kubeconfig wait --for=condition=Ready virtualmachine/app --timeout=3h
                    '''
                }
            }
            """;

    private static final String CHECKOUT = "node { checkout scm }\n";

    private static final String CHART = "{apiVersion: v2, name: app, version: 1.0.0}";

    private static final String VIRTUAL_MACHINE = """
            apiVersion: vmoperator.vmware.com/v1alpha3
            kind: VirtualMachine
            metadata: {name: "{{ .Release.Name }}"}
            spec: {powerState: PoweredOn}
            status: {conditions: [{type: Ready, status: "False"}]}
            """;

    @TempDir
    private static Path directory;

    private static JenkinsRule jenkins;
    private static final List<JenkinsSampleFolder> FOLDERS = new ArrayList<>();

    private static WaitingSample curlLoop;
    private static WaitingSample pythonSdk;
    private static WaitingSample java;
    private static WaitingSample ansible;
    private static WaitingSample kubectl;
    private static WaitingSample helm;

    /** A build that runs during the other tests. */
    private record WaitingSample(JenkinsSampleFolder folder, QueueTaskFuture<WorkflowRun> build, Instant start) {

        static WaitingSample start(JenkinsSampleFolder folder, String sample) throws Exception {
            return new WaitingSample(folder, folder.start(sample), Instant.now());
        }

        Simulator simulator() {
            return folder.simulator;
        }

        String awaitSuccess() throws Exception {
            return folder.awaitSuccess(build);
        }
    }

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        Path tools = Program.directory();
        jenkins = rule;
        rule.jenkins.setNumExecutors(8);
        Path links = Files.createDirectory(directory.resolve("bin"));
        Files.createSymbolicLink(links.resolve("terraform"), tools.resolve("bin/tofu"));
        Files.createSymbolicLink(links.resolve("python3"), tools.resolve("bin/vcf-sdk-python"));
        Path configuration = Files.writeString(
                directory.resolve("tofu.rc"),
                "provider_installation { filesystem_mirror { path = \"" + tools.resolve("providers") + "\" } }");
        rule.jenkins
                .getGlobalNodeProperties()
                .add(new EnvironmentVariablesNodeProperty(
                        new Entry("PATH+INTEROP", links + ":" + tools.resolve("bin")),
                        new Entry("HOME", directory.toString()),
                        new Entry("TF_CLI_CONFIG_FILE", configuration.toString()),
                        new Entry("TF_CLI_ARGS", "-no-color"),
                        // The Python library "requests" prefers this bundle of an agent to the certificates of a
                        // session.
                        new Entry(
                                "REQUESTS_CA_BUNDLE",
                                directory.resolve("bundle-of-agent.pem").toString())));
        if (Program.isInstalled("kubectl")) {
            JenkinsSampleFolder folder = supervisorNamespace("kubectl");
            folder.simulator.kubernetes().addVirtualMachine("dev", "app");
            kubectl = WaitingSample.start(folder, "kubectl");
        }
        if (Program.isInstalled("helm")) {
            JenkinsSampleFolder folder = supervisorNamespace("helm")
                    .addFile("chart/Chart.yaml", CHART)
                    .addFile("chart/templates/machine.yaml", VIRTUAL_MACHINE);
            helm = WaitingSample.start(folder, "helm");
        }
        if (Program.isInstalled("ansible-playbook")) {
            ansible = WaitingSample.start(
                    // Each request is a new process, which takes more than a second on a slow machine.
                    folder("ansible", Duration.ofSeconds(16))
                            .withVcfa("acme")
                            .addSampleFile("deployments.yml")
                            .addVariable("ROUNDS", 5 * LIFETIMES)
                            .addVariable("PAUSE", 2.5),
                    "ansible");
        }
        if (Program.isInstalled("vcf-sdk-python")) {
            pythonSdk = WaitingSample.start(
                    folder("python-sdk", Duration.ofSeconds(6))
                            .withSddcManager()
                            .addSampleFile("sddc_domains.py")
                            .addVariable("ROUNDS", 6 * LIFETIMES)
                            .addVariable("PAUSE", 1),
                    "python-sdk");
        }
        java = WaitingSample.start(
                folder("java", Duration.ofSeconds(6))
                        .withVcfa("acme")
                        .addSampleFile("ListDeployments.java")
                        .addVariable("ROUNDS", 6 * LIFETIMES)
                        .addVariable("PAUSE", 1),
                "java");
        curlLoop = WaitingSample.start(
                folder("curl-loop", Duration.ofSeconds(6)).withVcfa("acme").addVariable("ROUNDS", 6 * LIFETIMES),
                "curl-loop");
    }

    @AfterAll
    static void stop() {
        FOLDERS.forEach(JenkinsSampleFolder::close);
    }

    private static JenkinsSampleFolder folder(String name, Duration lifetime) throws Exception {
        JenkinsSampleFolder folder = new JenkinsSampleFolder(jenkins, name);
        folder.simulator.setLifetime(lifetime);
        FOLDERS.add(folder);
        return folder;
    }

    private static JenkinsSampleFolder folder(String name) throws Exception {
        return folder(name, Duration.ofHours(1));
    }

    /** The API server ends each watch after five seconds, so that the program sends another request. */
    private static JenkinsSampleFolder supervisorNamespace(String name) throws Exception {
        JenkinsSampleFolder folder = folder(name, KUBERNETES_LIFETIME).withVcfa("acme");
        folder.simulator.kubernetes().addNamespace("acme", "default-project", "dev");
        folder.simulator.kubernetes().setMaxWatchDuration("dev", Duration.ofSeconds(5));
        return folder;
    }

    @Test
    void curlLoop_runsForTenLifetimesWithoutA401() throws Exception {
        curlLoop.awaitSuccess();
        assertRenewedWithoutA401(curlLoop.simulator(), 6 * LIFETIMES);
        InteropTable.add(
                "curl",
                Program.findOnPath("curl").version(directory, "--version"),
                "curl-loop: " + 6 * LIFETIMES + " requests in one sh",
                curlLoop.simulator());
    }

    @Test
    void pythonSdk_runsForTenLifetimesWithoutA401() throws Exception {
        Program python = Program.require("vcf-sdk-python");
        assertThat(pythonSdk.awaitSuccess()).contains("mgmt ACTIVE");
        assertRenewedWithoutA401(pythonSdk.simulator(), 6 * LIFETIMES);
        InteropTable.add(
                "VCF SDK for Python",
                python.version(directory, "-c", "from importlib.metadata import version; print(version('vcf-sdk'))"),
                "python-sdk: " + 6 * LIFETIMES + " calls in one process",
                pythonSdk.simulator());
    }

    @Test
    void java_runsForTenLifetimesWithoutA401() throws Exception {
        java.awaitSuccess();
        assertRenewedWithoutA401(java.simulator(), 6 * LIFETIMES);
        InteropTable.add(
                "java",
                Program.findOnPath("java").version(directory, "--version"),
                "java: " + 6 * LIFETIMES + " requests in one process",
                java.simulator());
    }

    @Test
    void ansible_runsForTenLifetimesWithoutA401() throws Exception {
        Program playbook = Program.require("ansible-playbook");
        ansible.awaitSuccess();
        assertRenewedWithoutA401(ansible.simulator(), 5 * LIFETIMES);
        InteropTable.add(
                "ansible-core",
                playbook.version(directory, "--version"),
                "ansible: " + 5 * LIFETIMES + " items of a loop in one playbook",
                ansible.simulator());
    }

    @Test
    void kubectl_waitsForLongerThanALifetimeWithoutA401() throws Exception {
        Program program = Program.require("kubectl");
        markReadyAfterOneLifetime(kubectl);
        assertThat(kubectl.awaitSuccess()).contains("condition met");
        assertRenewedDuringWatches(kubectl.simulator());
        InteropTable.add(
                "kubectl",
                program.version(directory, "version", "--client"),
                "kubectl: wait with " + kubectl.simulator().kubernetes().watches() + " watches",
                kubectl.simulator());
    }

    @Test
    void helm_waitsForLongerThanALifetimeWithoutA401() throws Exception {
        Program program = Program.require("helm");
        markReadyAfterOneLifetime(helm);
        assertThat(helm.awaitSuccess()).contains("STATUS: deployed");
        assertRenewedDuringWatches(helm.simulator());
        InteropTable.add(
                "helm",
                program.version(directory, "version", "--short"),
                "helm: upgrade --install --wait with "
                        + helm.simulator().kubernetes().watches() + " watches",
                helm.simulator());
    }

    /** Makes the program wait until its first access token has expired. */
    private static void markReadyAfterOneLifetime(WaitingSample sample) throws Exception {
        JenkinsAndSimulator.sleepUntil(sample.start().plus(KUBERNETES_LIFETIME).plusSeconds(10));
        assertThat(sample.build().isDone()).isFalse();
        KubectlTest.makeReady(sample.simulator(), "dev", "app");
    }

    private static void assertRenewedDuringWatches(Simulator simulator) {
        assertThat(simulator.unauthorized()).isZero();
        assertThat(simulator.accessTokens()).hasSizeGreaterThan(1);
        assertThat(simulator.kubernetes().watches()).isGreaterThan((int) KUBERNETES_LIFETIME.toSeconds() / 10);
    }

    @Test
    void vksCluster_isUsedWithTheKubeconfigOfItsSecret() throws Exception {
        Program kubectl = Program.require("kubectl");
        JenkinsSampleFolder folder = supervisorNamespace("vks-cluster");
        folder.simulator.kubernetes().addGuestCluster("dev", "app");
        folder.awaitSuccess(folder.start("vks-cluster"));
        assertThat(folder.workspace("vks-cluster").resolve("guest.kubeconfig")).doesNotExist();
        assertOneAccessTokenWithoutA401(folder.simulator);
        InteropTable.add(
                "kubectl",
                kubectl.version(directory, "version", "--client"),
                "vks-cluster: kubeconfig of a Secret, list in the cluster",
                folder.simulator);
    }

    @Test
    void terraform_plansAndAppliesWithAnEmptyProviderBlock() throws Exception {
        OpenTofu.requireProvider("vcfa");
        JenkinsSampleFolder folder =
                folder("terraform").withVcfa("System").addFile("main.tf", OpenTofu.configuration("vcfa", """
                        resource "vcfa_org" "team" {
                          name         = "team"
                          display_name = "Team"
                        }
                        """));
        folder.awaitSuccess(folder.start("terraform"));
        assertThat(folder.simulator.organizationObjects().all())
                .anyMatch(organization ->
                        organization.path("displayName").asText().equals("Team"));
        assertOneAccessTokenWithoutA401(folder.simulator);
        InteropTable.addProvider(
                "vcfa",
                folder.workspace("terraform"),
                "terraform: plan and apply of an organization",
                folder.simulator);
    }

    @Test
    void terraformVcd_plansAndAppliesWithAnEmptyProviderBlock() throws Exception {
        OpenTofu.requireProvider("vcd");
        JenkinsSampleFolder folder =
                folder("terraform-vcd").withVcfa("System").addFile("main.tf", OpenTofu.configuration("vcd", """
                        resource "vcd_rde_interface" "team" {
                          vendor  = "acme"
                          nss     = "team"
                          version = "1.0.0"
                          name    = "Team"
                        }
                        """));
        folder.simulator.tenants().setVersions(SimulatedOrganizations.CLOUD_DIRECTOR);
        folder.awaitSuccess(folder.start("terraform-vcd"));
        assertThat(folder.simulator.definedInterfaces().all())
                .extracting(team -> team.path("name").asText())
                .containsExactly("Team");
        assertOneAccessTokenWithoutA401(folder.simulator);
        InteropTable.addProvider(
                "vcd",
                folder.workspace("terraform-vcd"),
                "terraform-vcd: plan and apply of an interface",
                folder.simulator);
    }

    @Test
    void formerTerraformSample_isRejectedByProvider() throws Exception {
        OpenTofu.requireProvider("vcfa");
        JenkinsSampleFolder folder =
                folder("former-terraform").withVcfa("acme").addFile("main.tf", OpenTofu.configuration("vcfa", """
                        data "vcfa_org" "own" {
                          name = "acme"
                        }
                        """));
        assertThat(folder.awaitFailure(folder.start("terraform", CHECKOUT + FORMER_TERRAFORM)))
                .contains("The argument \"org\" is required");
        assertThat(folder.simulator.served()).isZero();
        InteropTable.addProvider(
                "vcfa",
                folder.workspace("terraform"),
                "former terraform: fails as expected: The argument \"org\" is required",
                folder.simulator);
    }

    @Test
    void formerKubectlSample_failsAtTheCertificate() throws Exception {
        Program kubectl = Program.require("kubectl");
        JenkinsSampleFolder folder = supervisorNamespace("former-kubectl");
        assertThat(folder.awaitFailure(folder.start("kubectl", FORMER_KUBECTL)))
                .contains("x509: certificate signed by unknown authority");
        assertThat(folder.simulator.served()).isZero();
        InteropTable.add(
                "kubectl",
                kubectl.version(directory, "version", "--client"),
                "former kubectl: fails as expected: x509: certificate signed by unknown authority",
                folder.simulator);
    }

    private static void assertRenewedWithoutA401(Simulator simulator, int requests) {
        assertThat(simulator.unauthorized()).isZero();
        assertThat(simulator.served()).isEqualTo(requests);
        assertThat(simulator.accessTokens()).hasSizeGreaterThan(LIFETIMES);
    }

    private static void assertOneAccessTokenWithoutA401(Simulator simulator) {
        assertThat(simulator.unauthorized()).isZero();
        assertThat(simulator.served()).isPositive();
        assertThat(simulator.accessTokens()).hasSize(1);
        assertThat(simulator.violations()).isEmpty();
    }
}
