package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import hudson.model.Result;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.VcfTokenListener;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.rotation.TokenIssuedEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import jenkins.security.QueueItemAuthenticator;
import jenkins.security.QueueItemAuthenticatorProvider;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.TestExtension;

/** Blocks that fail, and blocks without a node, a temporary directory or a writable token file. */
class TokenBlockFailuresJenkinsTest extends JenkinsTokenBlockTestBase {

    private static final CountDownLatch LOOKUP_STARTED = new CountDownLatch(1);
    private static final CountDownLatch LOOKUP_RELEASED = new CountDownLatch(1);

    /** Printed outside of the block, where the log is no longer masked. */
    @Test
    void failure_withCausesAndSuppressedExceptions_isMasked() throws Exception {
        WorkflowRun run = build("try { withVcfToken(credentialsId: 'sa') {\n"
                + "  def e = new IllegalStateException(\"outer $VCF_TOKEN\", new IOException(\"cause $VCF_TOKEN\"))\n"
                + "  def aside = new RuntimeException(\"aside $VCF_TOKEN\", e)\n"
                + "  e.addSuppressed(aside)\n  e.addSuppressed(new RuntimeException('harmless'))\n  throw e\n"
                + "} } catch (e) { echo hudson.Functions.printThrowable(e) }");
        assertThat(JenkinsRule.getLog(run))
                .contains("outer ****", "cause ****", "aside ****", "(circular)", "harmless");
        SecretSweep.assertNone(simulator, run.getRootDir().toPath());
    }

    /** The result of the build depends on the type of the exception and on its fields. */
    @Test
    void maskedInterruption_keepsTypeResultAndCauses() throws Exception {
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
    void tokenFile_withoutTemporaryDirectory_isOmittedAndLogged() throws Exception {
        int served = simulator.served();
        WorkflowRun run = build("node { withEnv(['WORKSPACE_TMP=']) {\n"
                + "  withVcfToken(credentialsId: 'sa', bindings: [tokenFile('F')]) { sh 'test -z \"$F\"; " + GET
                + "' } } }");
        jenkins.assertLogContains("has no directory for temporary files beside it, so there is no token file", run);
        assertThat(simulator.served() - served).isEqualTo(1);
        assertThat(tokenFiles(jenkins.jenkins.getRootDir().toPath().resolve("workspace")))
                .isEmpty();
    }

    /** The script sets the temporary directory of a node, but there is no node. */
    @Test
    void tokenFile_withoutNode_isOmitted() throws Exception {
        build(
                "withEnv(['WORKSPACE_TMP=" + disk.resolve("nowhere") + "']) {\n"
                        + "  withVcfToken(credentialsId: 'sa', bindings: [tokenFile('F')]) { node { echo 'x' }; timeout(1) { echo F } } }");
        assertThat(tokenFiles(disk)).isEmpty();
    }

    @Test
    void offlineNode_doesNotFailStepsThatDoNotUseIt() throws Exception {
        addAgent("offline");
        WorkflowRun run = startBuild(
                "node('offline') { withVcfToken(credentialsId: 'sa', bindings: [tokenFile('F')]) {\n"
                        + "  echo 'ready'\n" + waitForFile("disconnected")
                        + "  withEnv(['A=B']) { echo \"with $VCF_TOKEN\" }\n"
                        + "  withVcfToken(credentialsId: 'sa', tokenVariable: 'T', urlVariable: 'U') { echo \"and $T\" }\n"
                        + waitForFile("reconnected") + "} }",
                false);
        jenkins.waitForMessage("ready", run);
        inbound.stop(jenkins, "offline");
        Files.writeString(disk.resolve("disconnected"), "");
        jenkins.waitForMessage("and ****", run);
        jenkins.assertLogContains("with ****", run);
        JenkinsAgents.connect(inbound, jenkins, "offline");
        Files.writeString(disk.resolve("reconnected"), "");
        jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(run));
        JenkinsAndSimulator.await(
                "the token file is deleted", () -> tokenFiles(disk).isEmpty());
    }

    @Test
    void unwritableTokenFile_failsTheBlockAndClosesItsLease() throws Exception {
        WorkflowRun run = startBuild(
                "node {\n  def temporary = new File(env.WORKSPACE_TMP)\n"
                        + "  temporary.parentFile.mkdirs()\n  temporary.text = 'a file'\n"
                        + "  try { withVcfToken(credentialsId: 'sa', bindings: [tokenFile('F')]) { echo 'in the block' } }\n"
                        + "  catch (e) { echo \"failed: $e.message\" }\n" + waitForFile("checked")
                        + "  temporary.delete()\n}",
                false);
        jenkins.waitForMessage("failed: ", run);
        jenkins.assertLogContains("The token file cannot be written into", run);
        jenkins.assertLogNotContains("in the block", run);
        assertThat(VcfTokenService.get().openLeases()).isEmpty();
        Files.writeString(disk.resolve("checked"), "");
        jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(run));
    }

    /** Credential providers of other plugins can be slow, and an abort does not wait for them. */
    @Test
    void abort_duringCredentialLookup_closesTheLease() throws Exception {
        WorkflowJob other = jenkins.createProject(WorkflowJob.class, "other");
        other.setDefinition(new CpsFlowDefinition(
                "withVcfToken(credentialsId: 'sa') { echo 'ready'\n" + waitForFile("end") + "}", false));
        WorkflowRun otherRun = other.scheduleBuild2(0).waitForStart();
        jenkins.waitForMessage("ready", otherRun);
        int opened = LeaseRecorder.EVENTS.size();
        WorkflowRun run = startBuild(
                "try { withVcfToken(credentialsId: 'sa') { echo 'in the block' } }\n"
                        + "catch (e) { echo 'abort caught' }\n" + waitForFile("end"),
                false);
        assertThat(LOOKUP_STARTED.await(2, TimeUnit.MINUTES)).isTrue();
        run.getExecution().interrupt(Result.ABORTED);
        jenkins.waitForMessage("abort caught", run);
        LOOKUP_RELEASED.countDown();
        JenkinsAndSimulator.await("the aborted block opened its lease", () -> LeaseRecorder.EVENTS.size() > opened);
        JenkinsAndSimulator.await(
                "only the other block has a lease",
                () -> VcfTokenService.get().openLeases().size() == 1);
        Files.writeString(disk.resolve("end"), "");
        jenkins.waitForCompletion(run);
        jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(otherRun));
        jenkins.assertLogNotContains("in the block", run);
    }

    /** @return a script that needs no node */
    private static String waitForFile(String file) {
        return "  while (!new File('" + disk.resolve(file)
                + "').exists()) { sleep(time: 200, unit: 'MILLISECONDS') }\n";
    }

    private WorkflowRun build(String script) throws Exception {
        return jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(startBuild(script, false)));
    }

    private static List<Path> tokenFiles(Path root) throws IOException {
        try (Stream<Path> all = Files.walk(root, 5)) {
            return all.filter(path -> path.getFileName().toString().startsWith("vcf-token-"))
                    .toList();
        }
    }

    private static void onLookup(String job) {
        if (job.startsWith("abort")) {
            LOOKUP_STARTED.countDown();
            while (LOOKUP_RELEASED.getCount() > 0) {
                try {
                    LOOKUP_RELEASED.await();
                } catch (InterruptedException e) {
                    // Some credential providers ignore interrupts.
                }
            }
        }
    }

    @TestExtension
    public static final class SlowLookup extends QueueItemAuthenticatorProvider {
        @Override
        public List<QueueItemAuthenticator> getAuthenticators() {
            return List.of(new JenkinsCredentialLookupHook(TokenBlockFailuresJenkinsTest::onLookup));
        }
    }

    @TestExtension
    public static final class LeaseRecorder implements VcfTokenListener {
        static final Set<TokenIssuedEvent> EVENTS = ConcurrentHashMap.newKeySet();

        @Override
        public void leaseOpened(TokenIssuedEvent event, Duration waited) {
            EVENTS.add(event);
        }
    }
}
