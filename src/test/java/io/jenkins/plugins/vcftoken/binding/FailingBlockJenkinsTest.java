package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import hudson.model.Result;
import hudson.slaves.DumbSlave;
import hudson.slaves.JNLPLauncher;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.VcfTokenListener;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.rotation.TokenIssuedEvent;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import jenkins.security.QueueItemAuthenticator;
import jenkins.security.QueueItemAuthenticatorProvider;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.TestExtension;
import org.jvnet.hudson.test.junit.jupiter.InboundAgentExtension;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Blocks that fail, that cannot begin, or that lack what they usually have. */
@WithJenkins
class FailingBlockJenkinsTest {

    private static final String GET = "curl --fail --silent --show-error -H \"Authorization: Bearer $VCF_TOKEN\""
            + " $VCF_URL/deployment/api/deployments";

    private static final CountDownLatch FOUND = new CountDownLatch(1);
    private static final Set<String> LOOKING = ConcurrentHashMap.newKeySet();

    @TempDir
    private static Path disk;

    private static JenkinsRule jenkins;

    @AutoClose
    private static final Simulator simulator = Simulator.start();

    @RegisterExtension
    private final InboundAgentExtension inbound = new InboundAgentExtension();

    private WorkflowJob job;

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        simulator.setLifetime(Duration.ofHours(1));
        JenkinsAccount.add(simulator, "sa");
        JenkinsAccount.trust(simulator.authorityPem());
    }

    @AfterAll
    static void stop() throws Exception {
        assertThat(simulator.unauthorized()).isZero();
        JenkinsAndSimulator.await(
                "no lease is left", () -> VcfTokenService.get().openLeases().isEmpty());
        SecretSweep.assertNone(simulator, disk);
        SecretSweep.assertNone(simulator, jenkins.jenkins.getRootDir().toPath());
    }

    @BeforeEach
    void job(TestInfo test) throws Exception {
        job = jenkins.createProject(
                WorkflowJob.class, test.getTestMethod().orElseThrow().getName());
    }

    /** Printed outside of the block, where no log is masked any more. */
    @Test
    void aFailureIsMaskedWithAllThatHangsOnIt() throws Exception {
        WorkflowRun run = build("try { withVcfToken(credentialsId: 'sa') {\n"
                + "  def e = new IllegalStateException(\"outer $VCF_TOKEN\", new IOException(\"cause $VCF_TOKEN\"))\n"
                + "  def aside = new RuntimeException(\"aside $VCF_TOKEN\", e)\n"
                + "  e.addSuppressed(aside)\n  e.addSuppressed(new RuntimeException('harmless'))\n  throw e\n"
                + "} } catch (e) { echo hudson.Functions.printThrowable(e) }");
        assertThat(JenkinsRule.getLog(run))
                .contains("outer ****", "cause ****", "aside ****", "(circular)", "harmless");
        SecretSweep.assertNone(simulator, run.getRootDir().toPath());
    }

    /** What becomes of the build depends on the type and on what is in it. */
    @Test
    void anInterruptionStaysOneWhenItIsMasked() throws Exception {
        String type = "org.jenkinsci.plugins.workflow.steps.FlowInterruptedException";
        WorkflowRun run = build(
                "try { withVcfToken(credentialsId: 'sa') {\n  def e = new " + type
                        + "(hudson.model.Result.NOT_BUILT, false, new jenkins.model.CauseOfInterruption.UserInterruption('alice'))\n"
                        + "  e.addSuppressed(new RuntimeException(\"aside $VCF_TOKEN\"))\n  throw e\n"
                        + "} } catch (" + type + " e) {\n"
                        + "  echo \"$e.result $e.actualInterruption ${e.causes.size()} \" + hudson.Functions.printThrowable(e) }");
        assertThat(JenkinsRule.getLog(run)).contains("NOT_BUILT false 1 ", "aside ****");
        SecretSweep.assertNone(simulator, run.getRootDir().toPath());
    }

    @Test
    void withoutADirectoryForTemporaryFilesThereIsNoTokenFileAndTheLogSaysSo() throws Exception {
        int served = simulator.served();
        WorkflowRun run = build("node { withEnv(['WORKSPACE_TMP=']) {\n"
                + "  withVcfToken(credentialsId: 'sa', bindings: [tokenFile('F')]) { sh 'test -z \"$F\"; " + GET
                + "' } } }");
        jenkins.assertLogContains("has no directory for temporary files beside it, so there is no token file", run);
        assertThat(simulator.served() - served).isEqualTo(1);
        assertThat(tokenFiles(jenkins.jenkins.getRootDir().toPath().resolve("workspace")))
                .isEmpty();
    }

    /** A script sets the variable of a file to a path on a node that is not there. */
    @Test
    void withoutANodeThereIsNoTokenFile() throws Exception {
        build(
                "withEnv(['WORKSPACE_TMP=" + disk.resolve("nowhere") + "']) {\n"
                        + "  withVcfToken(credentialsId: 'sa', bindings: [tokenFile('F')]) { node { echo 'x' }; timeout(1) { echo F } } }");
        assertThat(tokenFiles(disk)).isEmpty();
    }

    @Test
    void aNodeThatIsOfflineFailsNoStepThatDoesWithoutIt() throws Exception {
        DumbSlave agent = new DumbSlave("away", disk.resolve("away").toString(), new JNLPLauncher(false));
        jenkins.jenkins.addNode(agent);
        InboundAgentExtension.Options options =
                InboundAgentExtension.Options.newBuilder().name("away").build();
        inbound.start(jenkins, options);
        WorkflowRun run = started("node('away') { withVcfToken(credentialsId: 'sa', bindings: [tokenFile('F')]) {\n"
                + "  echo 'ready'\n" + until("gone") + "  withEnv(['A=B']) { echo \"with $VCF_TOKEN\" }\n"
                + "  withVcfToken(credentialsId: 'sa', tokenVariable: 'T', urlVariable: 'U') { echo \"and $T\" }\n"
                + until("back") + "} }");
        jenkins.waitForMessage("ready", run);
        inbound.stop(jenkins, "away");
        Files.writeString(disk.resolve("gone"), "");
        jenkins.waitForMessage("and ****", run);
        jenkins.assertLogContains("with ****", run);
        inbound.start(jenkins, options);
        Files.writeString(disk.resolve("back"), "");
        jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(run));
        JenkinsAndSimulator.await("the file is gone", () -> tokenFiles(disk).isEmpty());
    }

    @Test
    void whereTheFileCannotBeWrittenTheBlockFailsAndHoldsNoAccessToken() throws Exception {
        WorkflowRun run = started("node {\n  def place = new File(env.WORKSPACE_TMP)\n"
                + "  place.parentFile.mkdirs()\n  place.text = 'in the way'\n"
                + "  try { withVcfToken(credentialsId: 'sa', bindings: [tokenFile('F')]) { echo 'it has begun' } }\n"
                + "  catch (e) { echo \"failed: $e.message\" }\n" + until("seen") + "  place.delete()\n}");
        jenkins.waitForMessage("failed: ", run);
        jenkins.assertLogContains("The token file cannot be written into", run);
        jenkins.assertLogNotContains("it has begun", run);
        assertThat(VcfTokenService.get().openLeases()).isEmpty();
        Files.writeString(disk.resolve("seen"), "");
        jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(run));
    }

    /** Looking for a credential may take long where other plugins bring some from elsewhere; people do not wait. */
    @Test
    void whatWasAbortedWhileItsCredentialWasLookedForGivesItsLeaseBack() throws Exception {
        WorkflowJob other = jenkins.createProject(WorkflowJob.class, "warm");
        other.setDefinition(new CpsFlowDefinition(
                "withVcfToken(credentialsId: 'sa') { echo 'ready'\n" + until("over") + "}", false));
        WorkflowRun warm = other.scheduleBuild2(0).waitForStart();
        jenkins.waitForMessage("ready", warm);
        int leaseOpened = Handouts.GAVE.size();
        WorkflowRun run = started("try { withVcfToken(credentialsId: 'sa') { echo 'it has begun' } }\n"
                + "catch (e) { echo 'given up' }\n" + until("over"));
        JenkinsAndSimulator.await("the credential is looked for", () -> !LOOKING.isEmpty());
        run.getExecution().interrupt(Result.ABORTED);
        jenkins.waitForMessage("given up", run);
        FOUND.countDown();
        JenkinsAndSimulator.await("there it is after all", () -> Handouts.GAVE.size() > leaseOpened);
        JenkinsAndSimulator.await(
                "only the other one has a lease",
                () -> VcfTokenService.get().openLeases().size() == 1);
        Files.writeString(disk.resolve("over"), "");
        jenkins.waitForCompletion(run);
        jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(warm));
        jenkins.assertLogNotContains("it has begun", run);
    }

    /** Needs no node. */
    private static String until(String file) {
        return "  while (!new File('" + disk.resolve(file)
                + "').exists()) { sleep(time: 200, unit: 'MILLISECONDS') }\n";
    }

    private WorkflowRun build(String script) throws Exception {
        return jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(started(script)));
    }

    private WorkflowRun started(String script) throws Exception {
        job.setDefinition(new CpsFlowDefinition(script, false));
        return job.scheduleBuild2(0).waitForStart();
    }

    private static List<Path> tokenFiles(Path root) throws IOException {
        try (Stream<Path> all = Files.walk(root, 5)) {
            return all.filter(path -> path.getFileName().toString().startsWith("vcf-token-"))
                    .toList();
        }
    }

    private static void lookup(String job) {
        if (job.startsWith("whatWasAborted")) {
            LOOKING.add(job);
            while (FOUND.getCount() > 0) {
                try {
                    FOUND.await();
                } catch (InterruptedException e) {
                    // As some clients of other systems do.
                }
            }
        }
    }

    /** Takes its time, and does not care whether it is interrupted. */
    @TestExtension
    public static final class Slow extends QueueItemAuthenticatorProvider {
        @Override
        public List<QueueItemAuthenticator> getAuthenticators() {
            return List.of(new JenkinsLookup(FailingBlockJenkinsTest::lookup));
        }
    }

    /** Who got an access token. */
    @TestExtension
    public static final class Handouts implements VcfTokenListener {
        static final Set<TokenIssuedEvent> GAVE = ConcurrentHashMap.newKeySet();

        @Override
        public void leaseOpened(TokenIssuedEvent handout, Duration waited) {
            GAVE.add(handout);
        }
    }
}
