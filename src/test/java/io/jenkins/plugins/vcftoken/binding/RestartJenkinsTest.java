package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import hudson.model.FreeStyleProject;
import hudson.slaves.DumbSlave;
import hudson.slaves.JNLPLauncher;
import hudson.tasks.Shell;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.JenkinsProcess;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.InboundAgentExtension;
import org.jvnet.hudson.test.junit.jupiter.RealJenkinsExtension;

/** Restarts and crashes of a controller during a step of a block. */
class RestartJenkinsTest {

    @TempDir
    private Path disk;

    @RegisterExtension
    private final RealJenkinsExtension controller = JenkinsProcess.withDeclarativePipelines();

    @RegisterExtension
    private final InboundAgentExtension inbound = new InboundAgentExtension();

    @AutoClose
    private final Simulator simulator = Simulator.start();

    @BeforeEach
    void start() throws Exception {
        // Longer than a restart of Jenkins, so that each 401 is an error of the plugin; shorter than the step.
        simulator.setLifetime(Duration.ofSeconds(60));
    }

    @Test
    void gracefulRestart_doesNotInterruptTheBlock() throws Throwable {
        assertBlockSurvives(controller::stopJenkins);
    }

    @Test
    void kill_doesNotInterruptTheBlock() throws Throwable {
        assertBlockSurvives(controller::stopJenkinsForcibly);
    }

    /** A stopped controller renews nothing, but the first process after its start gets a renewed access token. */
    @Test
    void nextStep_afterAnOutageLongerThanTheLifetime_hasAValidToken() throws Throwable {
        simulator.setLifetime(Duration.ofSeconds(8));
        startController();
        controller.runRemotely(RestartJenkinsTest::startWaiting, disk.toString());
        controller.stopJenkinsForcibly();
        Thread.sleep(8_000);
        simulator.setDelay(Duration.ofSeconds(3));
        Files.writeString(disk.resolve("go"), "");
        controller.startJenkins();
        controller.runRemotely(RestartJenkinsTest::awaitSuccess);
        assertThat(simulator.served()).isEqualTo(2);
        assertThat(simulator.unauthorized()).isZero();
    }

    /** The last stage runs on an agent that had no files of the block before the restart. */
    @Test
    void bindingsInDeclarativeOptions_afterARestart_areSetOnASecondAgent() throws Throwable {
        simulator.kubernetes().addNamespace("acme", "default-project", "dev");
        startController();
        startAgent();
        controller.runRemotely(
                RestartJenkinsTest::startDeclarative, disk.toString(), System.getProperty("interop.tools", ""));
        controller.stopJenkinsForcibly();
        controller.startJenkins();
        Files.writeString(disk.resolve("go"), "");
        controller.runRemotely(RestartJenkinsTest::awaitSuccess);
        assertThat(simulator.kubernetes().listRequests()).isEqualTo(4);
        assertThat(simulator.unauthorized()).isZero();
        assertNoTokensLeft();
    }

    /** With kubectl where it is installed, and with curl elsewhere. */
    private static void startDeclarative(JenkinsRule jenkins, String disk, String tools) throws Throwable {
        String namespaces = "/apis/infrastructure.cci.vmware.com/v1alpha3/supervisornamespaces";
        String list = (tools.isEmpty()
                        ? "curl --fail --silent --cacert \"$CA\" -H \"Authorization: Bearer $(cat \"$KUBECONFIG.token\")\""
                                + " $VCF_URL/cci/kubernetes" + namespaces
                        : tools + "/bin/kubectl get supervisornamespaces --all-namespaces")
                + " | grep default-project";
        String stage = " steps { sh '''grep BEGIN \"$CA\"; " + list + "; %s" + list + "''' } }\n";
        WorkflowJob job = jenkins.createProject(WorkflowJob.class, "job");
        job.setDefinition(new CpsFlowDefinition(
                "pipeline { agent none\n"
                        + " options { withVcfToken(credentialsId: 'sa', bindings: [kubeconfig(), caFile('CA')]) }\n"
                        + " stages {\n"
                        + "  stage('first') { agent { label 'built-in' }\n"
                        + stage.formatted("echo ready; until [ -f \"" + disk + "/go\" ]; do sleep 0.1; done; ")
                        + "  stage('second') { agent { label 'remote' }\n"
                        + stage.formatted("")
                        + " } }",
                true));
        jenkins.waitForMessage("ready\n", job.scheduleBuild2(0).waitForStart());
    }

    private static void startWaiting(JenkinsRule jenkins, String disk) throws Throwable {
        WorkflowJob job = jenkins.createProject(WorkflowJob.class, "job");
        job.setDefinition(new CpsFlowDefinition(
                "node('built-in') { withVcfToken(credentialsId: 'sa', bindings: [headerFile('H')]) {\n"
                        + "  sh 'echo ready; until [ -f \"" + disk + "/go\" ]; do sleep 0.1; done'\n"
                        + "  sh 'curl --fail --silent -H \"Authorization: Bearer $VCF_TOKEN\""
                        + " $VCF_URL/deployment/api/deployments;"
                        + " curl --fail --silent -H @\"$H\" $VCF_URL/deployment/api/deployments'\n"
                        + "} }",
                true));
        jenkins.waitForMessage("ready", job.scheduleBuild2(0).waitForStart());
    }

    private static void awaitSuccess(JenkinsRule jenkins) throws Throwable {
        jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(findRun(jenkins)));
    }

    /** A freestyle build ends with the controller, which does not close the block. */
    @Test
    void filesOfAFreestyleBuild_afterACrash_areDeletedOnReconnect() throws Throwable {
        startController();
        startAgent();
        controller.runRemotely(RestartJenkinsTest::startFreestyle);
        assertThat(hasTokenFiles()).isTrue();
        controller.stopJenkinsForcibly();
        assertThat(hasTokenFiles()).isTrue();
        controller.startJenkins();
        assertNoTokensLeft();
    }

    private static void startFreestyle(JenkinsRule jenkins) throws Throwable {
        FreeStyleProject project = jenkins.createFreeStyleProject("job");
        VcfTokenBuildWrapper wrapper = new VcfTokenBuildWrapper("sa");
        wrapper.setBindings(List.of(new TokenFileBinding("F")));
        project.getBuildWrappersList().add(wrapper);
        project.getBuildersList().add(new Shell("echo ready; sleep 300"));
        project.setAssignedNode(jenkins.jenkins.getNode("remote"));
        jenkins.waitForMessage("ready", project.scheduleBuild2(0).waitForStart());
    }

    private void assertBlockSurvives(Executable stop) throws Throwable {
        startController();
        startAgent();
        controller.runRemotely(RestartJenkinsTest::startBuild);
        JenkinsAndSimulator.await(() -> simulator.served() > 3);
        stop.execute();
        SecretSweep.assertNone(simulator, controller.getHome().toPath());
        controller.startJenkins();
        controller.runRemotely(RestartJenkinsTest::awaitResumed);
        int accessTokens = simulator.accessTokens().size();
        // A renewal shows that the lease is restored; until then the running step uses the token in the file.
        JenkinsAndSimulator.await(() -> simulator.accessTokens().size() > accessTokens || accessTokens > 1);
        int served = simulator.served();
        JenkinsAndSimulator.await(() -> simulator.served() > served + 10);
        Files.writeString(disk.resolve("remote/workspace/go"), "");
        controller.runRemotely(RestartJenkinsTest::finish);
        assertThat(simulator.accessTokens()).hasSizeGreaterThan(1);
        assertThat(simulator.unauthorized()).isZero();
        assertThat(simulator.reuses()).isZero();
        assertThat(simulator.maxRequestsPerSecret()).isEqualTo(1);
        assertNoTokensLeft();
    }

    private void startController() throws Throwable {
        controller.startJenkins();
        controller.runRemotely(
                RestartJenkinsTest::configure,
                simulator.url().toString(),
                simulator.authorityPem(),
                simulator.addAccount("sa", "acme"),
                disk.toString());
    }

    private void startAgent() throws Throwable {
        inbound.start(
                controller,
                InboundAgentExtension.Options.newBuilder().name("remote").build());
    }

    private void assertNoTokensLeft() throws Exception {
        JenkinsAndSimulator.await("token files are deleted", () -> !hasTokenFiles());
        SecretSweep.assertNone(simulator, disk);
        SecretSweep.assertNone(simulator, controller.getHome().toPath());
    }

    private boolean hasTokenFiles() throws IOException {
        try (Stream<Path> all = Files.walk(disk)) {
            return all.anyMatch(path -> path.getFileName().toString().startsWith("vcf-token-"));
        }
    }

    private static void configure(JenkinsRule jenkins, String url, String pem, String initialToken, String disk)
            throws Throwable {
        JenkinsAccount.add(url, pem, "sa", initialToken);
        JenkinsAccount.trust(pem);
        jenkins.jenkins.addNode(new DumbSlave("remote", disk + "/remote", new JNLPLauncher(false)));
    }

    private static void startBuild(JenkinsRule jenkins) throws Throwable {
        WorkflowJob job = jenkins.createProject(WorkflowJob.class, "job");
        String get = "curl --fail --silent --show-error -H @\"$VCF_HEADER_FILE\" $VCF_URL/deployment/api/deployments";
        job.setDefinition(new CpsFlowDefinition(
                "withVcfToken(credentialsId: 'sa', bindings: [tokenFile('VCF_TOKEN_FILE'),"
                        + "headerFile('VCF_HEADER_FILE')]) { node('remote') {\n"
                        + "  sh '''set +x; echo ready\n"
                        + "    until [ -f \"$WORKSPACE/../go\" ]; do " + get + " > /dev/null || exit 1\n"
                        + "      cat \"$VCF_TOKEN_FILE\"; echo; base64 -w0 \"$VCF_TOKEN_FILE\"; echo; sleep 1; done'''\n"
                        + "  sh 'curl --fail --silent --show-error -H \"Authorization: Bearer $VCF_TOKEN\""
                        + " $VCF_URL/deployment/api/deployments'\n"
                        + "  sh 'echo last $VCF_TOKEN; " + get + "'\n"
                        + "} }",
                true));
        jenkins.waitForMessage("ready", job.scheduleBuild2(0).waitForStart());
    }

    private static void awaitResumed(JenkinsRule jenkins) throws Throwable {
        WorkflowRun run = findRun(jenkins);
        jenkins.waitForMessage("Resuming build", run);
        assertThat(run.isBuilding()).isTrue();
    }

    private static void finish(JenkinsRule jenkins) throws Throwable {
        WorkflowRun run = findRun(jenkins);
        jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(run));
        jenkins.assertLogContains("last ****", run);
        assertThat(run.getLog(10_000)).contains("****");
    }

    private static WorkflowRun findRun(JenkinsRule jenkins) {
        return jenkins.jenkins.getItemByFullName("job", WorkflowJob.class).getBuildByNumber(1);
    }
}
