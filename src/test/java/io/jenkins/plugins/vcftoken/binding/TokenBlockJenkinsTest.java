package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.model.Result;
import hudson.model.TaskListener;
import hudson.model.queue.QueueTaskFuture;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jenkins.security.MasterToSlaveCallable;
import org.jenkinsci.plugins.plaincredentials.StringCredentials;
import org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl;
import org.jenkinsci.plugins.workflow.actions.ArgumentsAction;
import org.jenkinsci.plugins.workflow.actions.ErrorAction;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.graph.FlowNode;
import org.jenkinsci.plugins.workflow.graphanalysis.DepthFirstScanner;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.jenkinsci.plugins.workflow.steps.durable_task.DurableTaskStep;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.jvnet.hudson.test.JenkinsRule;

/** {@code withVcfToken} and {@code vcfTokenRefresh} in builds on the built-in node and on agents. */
class TokenBlockJenkinsTest extends JenkinsTokenBlockTestBase {

    @AfterEach
    void resetWatching() {
        DurableTaskStep.USE_WATCHING = false;
    }

    @Test
    void refresh_calledTwice_renewsOnce() throws Exception {
        JenkinsAccount.add(simulator, "old");
        WorkflowRun run = startBuild("withVcfToken(credentialsId: 'old') { def before = env.VCF_TOKEN\n"
                + " echo 'ready'; sleep 11\n"
                + " vcfTokenRefresh()\n if (env.VCF_TOKEN == before) error('the same')\n"
                + " before = env.VCF_TOKEN; vcfTokenRefresh()\n if (env.VCF_TOKEN != before) error('another') }");
        int grants = simulator.grants();
        jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(run));
        assertThat(simulator.grants() - grants).isEqualTo(1);
        jenkins.assertLogContains("Renewed token for ‘old’; expires", run);
    }

    @Test
    void refresh_withTheCredentialOfAnOuterBlock_succeeds() throws Exception {
        JenkinsAccount.add(simulator, "outer");
        build(
                "withVcfToken(credentialsId: 'outer', tokenVariable: 'O', urlVariable: 'OU') {\n"
                        + " withVcfToken(credentialsId: 'sa') { vcfTokenRefresh(credentialsId: 'outer') } }",
                Result.SUCCESS);
    }

    @Test
    void refresh_outsideABlock_failsWithAdvice() throws Exception {
        WorkflowRun run = build("vcfTokenRefresh()", Result.FAILURE);
        jenkins.assertLogContains("withVcfToken", run);
        run = build("withVcfToken(credentialsId: 'sa') { vcfTokenRefresh(credentialsId: 'x') }", Result.FAILURE);
        jenkins.assertLogContains("must run inside a withVcfToken block for ‘x’", run);
        jenkins.assertLogNotContains("\tat ", run);
    }

    @Test
    void failedRefresh_failsTheStepAndKeepsTheAccessToken() throws Exception {
        JenkinsAccount.add(simulator, "limited");
        WorkflowRun run = startBuild("withVcfToken(credentialsId: 'limited') { echo 'ready'; sleep 11\n"
                + " try { vcfTokenRefresh() } catch (e) { echo \"caught: $e.message\" }\n node { sh '" + GET + "' } }");
        simulator.inject(Fault.STATUS_429);
        jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(run));
        jenkins.assertLogContains("HTTP 429", run);
    }

    @Test
    void hundredParallelBlocks_sendOneRequest() throws Exception {
        JenkinsAccount.add(simulator, "busy");
        simulator.setDelay(Duration.ofMillis(500));
        int requests = simulator.requests();
        build(
                "def b = [:]; for (int i = 0; i < 100; i++) { b[\"b$i\"] = {\n"
                        + " withVcfToken(credentialsId: 'busy') { if (!env.VCF_TOKEN) error('none') } } }; parallel b",
                Result.SUCCESS);
        assertThat(simulator.requests() - requests).isEqualTo(1);
    }

    @Test
    void fiftyConcurrentBuilds_sendOneRequest() throws Exception {
        JenkinsAccount.add(simulator, "crowd");
        simulator.setDelay(Duration.ofMillis(500));
        int requests = simulator.requests();
        List<QueueTaskFuture<WorkflowRun>> runs = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            WorkflowJob one = jenkins.createProject(WorkflowJob.class);
            one.setDefinition(new CpsFlowDefinition("withVcfToken(credentialsId: 'crowd') { echo VCF_URL }", true));
            runs.add(one.scheduleBuild2(0));
        }
        for (QueueTaskFuture<WorkflowRun> run : runs) {
            // The future never completes if a Pipeline ends before its executor has recorded the start.
            jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(run.waitForStart()));
        }
        assertThat(simulator.requests() - requests).isEqualTo(1);
    }

    /** A rotation of another build is written back between the lookup of the credential and the token request. */
    @Test
    void open_afterTheCredentialWasReplaced_getsAnAccessToken() throws Exception {
        JenkinsAccount.add(simulator, "replaced");
        CredentialsStore store = JenkinsAccount.findStore(jenkins.jenkins);
        VcfaServiceAccount found = (VcfaServiceAccount) store.getCredentials(Domain.global()).stream()
                .filter(one -> ((VcfaServiceAccount) one).getId().equals("replaced"))
                .findFirst()
                .orElseThrow();
        WorkflowRun run = build("echo 'x'", Result.SUCCESS);
        store.updateCredentials(Domain.global(), found, found.withStoredSecret(found.storedSecret()));
        TokenBlock block = new TokenBlock(run, found, "VCF_TOKEN", "VCF_URL", false, null);
        block.open(found, "", run, Duration.ofMinutes(1), List.of(), TaskListener.NULL, null);
        Map<String, String> env = new HashMap<>();
        block.contribute(env);
        assertThat(simulator.accessTokens()).contains(env.get("VCF_TOKEN"));
        block.close();
    }

    @Test
    void declarativeOptions_ofPipelineAndStage_areApplied() throws Exception {
        int served = simulator.served();
        build(
                "pipeline { agent any\n options { withVcfToken(credentialsId: 'sa', bindings: [headerFile('H')]) }\n"
                        + " stages { stage('a') { steps { sh '''" + GET + "; curl --fail --silent -H @\"$H\""
                        + " $VCF_URL/deployment/api/deployments''' } }\n"
                        + " stage('b') { agent any\n options { withVcfToken(credentialsId: 'sa', tokenVariable: 'S',"
                        + " urlVariable: 'U', bindings: [headerFile('I')]) }\n"
                        + " steps { sh '''" + GET + "; curl --fail --silent -H @\"$I\""
                        + " $U/deployment/api/deployments''' } } } }",
                Result.SUCCESS);
        assertThat(simulator.served() - served).isEqualTo(4);
    }

    @Test
    void declarativeEnvironment_hasAMaskedAccessToken() throws Exception {
        int served = simulator.served();
        WorkflowRun run = build(
                "pipeline { agent any\n environment { T = credentials('sa') }\n stages { stage('a') { steps {\n"
                        + " sh 'echo is $T; curl --fail --silent -H \"Authorization: Bearer $T\" " + simulator.url()
                        + "/deployment/api/deployments' } } } }",
                Result.SUCCESS);
        jenkins.assertLogContains("is ****", run);
        assertThat(simulator.served() - served).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void outputOfAgents_polledOrPushed_isMasked(boolean push) throws Exception {
        DurableTaskStep.USE_WATCHING = push;
        String name = "agent-" + push;
        addAgent(name);
        JenkinsAccount.add(simulator, "m" + push);
        simulator.setLifetime(Duration.ofSeconds(4));
        WorkflowRun run = build(
                "node('" + name + "') { withVcfToken(credentialsId: 'm" + push + "', bindings: [tokenFile('F')]) {\n"
                        + " sh '''for i in 1 2 3 4 5 6 7 8; do echo now $(cat \"$F\") end; sleep 1\n"
                        + "  (printf 'Authorization: Bearer '; cat \"$F\") | base64 -w0; echo\n"
                        + "  base64 -w0 \"$F\"; echo; printf '{\"t\":\"%s\"}' \"$(cat \"$F\")\"; echo; done'''\n"
                        + " sh 'echo then $VCF_TOKEN end' } }",
                Result.SUCCESS);
        assertThat(JenkinsRule.getLog(run).lines().filter(line -> line.startsWith("now ")))
                .hasSize(8)
                .allMatch(line -> line.equals("now **** end"));
        jenkins.assertLogContains("then **** end", run);
        jenkins.assertLogContains("{\"t\":\"****\"}", run);
        SecretSweep.assertNone(simulator, run.getRootDir().toPath());
    }

    @Test
    void errorsArgumentsAndSavedState_containNoAccessToken() throws Exception {
        JenkinsAccount.add(simulator, "errors");
        WorkflowRun run = build(
                "withVcfToken(credentialsId: 'errors') { def t = env.VCF_TOKEN\n"
                        + " try { error(\"one $t\") } catch (e) { echo 'caught ' + e.message }\n"
                        + " try { throw new IllegalStateException(\"two $t\", new RuntimeException(t.bytes.encodeBase64()"
                        + ".toString())) } catch (IllegalStateException e) { echo e.toString() }\n"
                        + " try { echo \"an argument $t\" } finally { }\n"
                        + " withEnv([\"COPY=$t\"]) { echo COPY }\n"
                        + " catchError(buildResult: 'SUCCESS') { error(\"three $t\") }\n"
                        + " throw new IllegalArgumentException(\"four $t\") }",
                Result.FAILURE,
                false);
        DepthFirstScanner scanner = new DepthFirstScanner();
        List<String> texts = new ArrayList<>();
        for (FlowNode node : scanner.allNodes(run.getExecution())) {
            ErrorAction error = node.getAction(ErrorAction.class);
            if (error != null) {
                texts.add(hudson.Functions.printThrowable(error.getError()));
            }
            texts.add(String.valueOf(ArgumentsAction.getArguments(node)));
        }
        assertThat(texts).anyMatch(text -> text.contains("three ****"));
        for (String accessToken : simulator.accessTokens()) {
            assertThat(texts).noneMatch(text -> text.contains(accessToken));
        }
        SecretSweep.assertNone(simulator, run.getRootDir().toPath());
    }

    @Test
    void failure_withoutAnAccessToken_keepsItsType() throws Exception {
        WorkflowRun run = build(
                "try { withVcfToken(credentialsId: 'sa') { error('plain') } } catch (hudson.AbortException e)"
                        + " { echo \"abort: $e.message\" }\n"
                        + "try { timeout(time: 1) { withVcfToken(credentialsId: 'sa') { currentBuild.description = 'x'\n"
                        + "  throw new org.jenkinsci.plugins.workflow.steps.FlowInterruptedException("
                        + "hudson.model.Result.ABORTED) } } }\n"
                        + "catch (org.jenkinsci.plugins.workflow.steps.FlowInterruptedException e) { echo 'interrupted' }",
                Result.SUCCESS,
                false);
        jenkins.assertLogContains("abort: plain", run);
        jenkins.assertLogContains("interrupted", run);
    }

    @Test
    void credentialSentToAnAgent_hasOnlyAnAccessToken() throws Exception {
        addAgent("agent");
        VcfaServiceAccount account = (VcfaServiceAccount)
                SystemCredentialsProvider.getInstance().getCredentials().get(0);
        String received = jenkins.jenkins.getComputer("agent").getChannel().call(new ReadSecret(account));
        assertThat(received).startsWith(StringCredentialsImpl.class.getName() + ' ');
        assertThat(simulator.accessTokens()).contains(received.substring(received.indexOf(' ') + 1));
        StringCredentials snapshot = CredentialsProvider.snapshot(StringCredentials.class, account);
        assertThat(snapshot).isInstanceOf(StringCredentialsImpl.class);
        assertThat(simulator.accessTokens()).contains(snapshot.getSecret().getPlainText());
    }

    private static final class ReadSecret extends MasterToSlaveCallable<String, RuntimeException> {
        private static final long serialVersionUID = 1;
        private final StringCredentials credential;

        ReadSecret(StringCredentials credential) {
            this.credential = credential;
        }

        @Override
        public String call() {
            return credential.getClass().getName()
                    + ' '
                    + credential.getSecret().getPlainText();
        }
    }

    private WorkflowRun build(String script, Result result) throws Exception {
        return build(script, result, true);
    }

    private WorkflowRun build(String script, Result result, boolean sandbox) throws Exception {
        job.setDefinition(new CpsFlowDefinition(script, sandbox));
        return jenkins.buildAndAssertStatus(result, job);
    }
}
