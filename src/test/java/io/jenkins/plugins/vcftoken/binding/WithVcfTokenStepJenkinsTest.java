package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsScope;
import hudson.model.Result;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.JenkinsSharedTestBase;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.health.JenkinsPages;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WithVcfTokenStepJenkinsTest extends JenkinsSharedTestBase {

    private WorkflowJob job;

    @BeforeEach
    void createJob() throws Exception {
        job = jenkins.createProject(WorkflowJob.class, "job");
    }

    @AfterEach
    void stop() {
        System.clearProperty(JenkinsAndSimulator.RETRY_UNKNOWN);
    }

    @Test
    void accessToken_isValidAndMasked_andTheRotatedTokenIsStored() throws Exception {
        Path ca = Files.writeString(jenkins.jenkins.getRootDir().toPath().resolve("ca.pem"), simulator.authorityPem());
        addAccount();
        WorkflowRun run = build(
                "node { withVcfToken(credentialsId: 'sa') {\n"
                        + "  sh 'curl --fail --silent --show-error --cacert \"" + ca
                        + "\" -H \"Authorization: Bearer $VCF_TOKEN\" $VCF_URL/deployment/api/deployments'\n"
                        + "  sh 'echo plain $VCF_TOKEN; echo $VCF_TOKEN | base64 -w0'\n"
                        + "} }",
                Result.SUCCESS);
        jenkins.assertLogContains("plain ****", run);
        assertThat(simulator.served()).isEqualTo(1);
        assertThat(simulator.unauthorized()).isZero();
        SecretSweep.assertNone(simulator, run.getRootDir().toPath());
        fixture.awaitInSystem("sa");
        SecretSweep.assertNone(simulator, jenkins.jenkins.getRootDir().toPath());
    }

    @Test
    void accessToken_duringALongBlock_isRenewed() throws Exception {
        addAccount();
        simulator.setLifetime(Duration.ofSeconds(4));
        Path ca = Files.writeString(jenkins.jenkins.getRootDir().toPath().resolve("ca.pem"), simulator.authorityPem());
        WorkflowRun run = build(
                "node { withVcfToken(credentialsId: 'sa') {\n for (int i = 0; i < 10; i++) {\n"
                        + "  sh 'echo now $VCF_TOKEN; curl --fail --silent --show-error --cacert \"" + ca
                        + "\" -H \"Authorization: Bearer $VCF_TOKEN\" $VCF_URL/deployment/api/deployments'\n"
                        + "  sleep 1\n} } }",
                Result.SUCCESS);
        assertThat(simulator.served()).isEqualTo(10);
        assertThat(simulator.unauthorized()).isZero();
        assertThat(simulator.grants()).isGreaterThanOrEqualTo(3);
        jenkins.assertLogContains("[vcf-token] Using sa (VCF Automation, acme); the access token expires ", run);
        jenkins.assertLogContains("[vcf-token] Renewed the access token of sa; it expires ", run);
        SecretSweep.assertNone(simulator, run.getRootDir().toPath());
    }

    @Test
    void quietBlock_logsNoMessages() throws Exception {
        addAccount();
        WorkflowRun run = build(
                "withVcfToken(credentialsId: 'sa', quiet: true) { echo VCF_URL; vcfTokenRefresh() }", Result.SUCCESS);
        jenkins.assertLogNotContains("Using sa", run);
        jenkins.assertLogNotContains("Renewed the access token of sa", run);
    }

    @Test
    void blockWithoutAnAccessToken_linksToTheTokenStatus() throws Exception {
        addAccount();
        simulator.revoke("ci");
        WorkflowRun run = build("withVcfToken(credentialsId: 'sa') { }", Result.FAILURE);
        jenkins.assertLogContains("Token status of sa", run);
        assertThat(JenkinsPages.newClient(jenkins)
                        .getPage(run, "console")
                        .getWebResponse()
                        .getContentAsString())
                .contains("/manage/vcf-tokens/credential/sa/");
    }

    @Test
    void customVariableNames_areUsed() throws Exception {
        addAccount();
        WorkflowRun run = build(
                "withVcfToken(credentialsId: 'sa', tokenVariable: 'A', urlVariable: 'B') { echo \"$A at $B\" }",
                Result.SUCCESS);
        jenkins.assertLogContains("**** at " + simulator.url(), run);
    }

    @Test
    void unusableCredential_failsTheBlockWithTheCauseAndSendsNothing() throws Exception {
        String token = simulator.addAccount("ci", "acme");
        String url = simulator.url().toString();
        JenkinsAccount.store(new StringCredentialsImpl(CredentialsScope.GLOBAL, "text", null, Secret.fromString("x")));
        fixture.addToSystem(fixture.account(CredentialsScope.SYSTEM, "internal", url, token));
        fixture.addToSystem(fixture.account("empty", ""));
        fixture.addToSystem(fixture.account(CredentialsScope.GLOBAL, "unreachable", "https://localhost:1", token));
        fixture.addToSystem(new VcfaServiceAccount(
                CredentialsScope.GLOBAL, "untrusted", null, url, "acme", Secret.fromString(token)));
        assertFails("withVcfToken('') { }", "No credential is selected");
        assertFails("withVcfToken(credentialsId: 'nope') { }", "No credential with the ID ‘nope’");
        assertFails(
                "withVcfToken(credentialsId: 'text') { }", "Credential ‘text’ has the unsupported kind “Secret text”");
        assertFails("withVcfToken(credentialsId: 'internal') { }", "No credential with the ID ‘internal’");
        assertFails("withVcfToken(credentialsId: 'empty') { }", "Credential ‘empty’", "stores no refresh token yet");
        assertFails(
                "withVcfToken(credentialsId: 'unreachable') { }",
                "Credential ‘unreachable’ (VCF Automation at https://localhost:1, organization ‘acme’)",
                "cannot be reached; nothing was sent");
        assertFails(
                "withVcfToken(credentialsId: 'untrusted') { }",
                "certificate is not trusted",
                "authority that signed it");
        assertThat(simulator.requests()).isZero();
    }

    @Test
    void rejectedToken_failsTheBlockWithAdvice() throws Exception {
        addAccount();
        simulator.revoke("ci");
        assertFails("withVcfToken(credentialsId: 'sa') { }", "‘acme’", "invalid_grant", "re-authorize the account");
    }

    @Test
    void lostResponse_failsTheBlockWithTheCause() throws Exception {
        addAccount();
        System.setProperty(JenkinsAndSimulator.RETRY_UNKNOWN, "false");
        simulator.inject(Fault.CLOSE_AFTER_COMMIT);
        assertFails("withVcfToken(credentialsId: 'sa') { }", "may have replaced the refresh token");
        assertFails("withVcfToken(credentialsId: 'sa') { }", "it is not known whether the stored token still works");
        assertThat(simulator.reuses()).isZero();
    }

    @Test
    void invalidVariableNames_failTheBlockWithoutARequest() throws Exception {
        addAccount();
        assertFails("withVcfToken(credentialsId: 'sa', tokenVariable: 'PATH+X') { }", "‘PATH+X’ cannot be the name");
        assertFails(
                "withVcfToken(credentialsId: 'sa', tokenVariable: 'A', urlVariable: 'A') { }",
                "The variable name ‘A’ is used more than once");
        assertThat(simulator.requests()).isZero();
    }

    private void addAccount() throws Exception {
        fixture.addToSystem(fixture.account("sa", simulator.addAccount("ci", "acme")));
    }

    private void assertFails(String script, String... expected) throws Exception {
        WorkflowRun run = build(script, Result.FAILURE);
        for (String text : expected) {
            jenkins.assertLogContains(text, run);
        }
        jenkins.assertLogNotContains("\tat ", run);
        SecretSweep.assertNone(simulator, run.getRootDir().toPath());
    }

    private WorkflowRun build(String script, Result result) throws Exception {
        job.setDefinition(new CpsFlowDefinition(script, true));
        return jenkins.buildAndAssertStatus(result, job);
    }
}
