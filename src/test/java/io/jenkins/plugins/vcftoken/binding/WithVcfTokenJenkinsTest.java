package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.model.Result;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.JenkinsReset;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

@WithJenkins
class WithVcfTokenJenkinsTest {

    private static JenkinsRule jenkins;

    @AutoClose
    private final Simulator simulator = Simulator.start();

    private WorkflowJob job;

    @BeforeAll
    static void start(JenkinsRule rule) {
        jenkins = rule;
    }

    @BeforeEach
    void prepare() throws Exception {
        job = jenkins.createProject(WorkflowJob.class, "job");
    }

    @AfterEach
    void stop() throws Exception {
        JenkinsReset.reset(jenkins);
        System.clearProperty(JenkinsAndSimulator.RETRY_UNKNOWN);
    }

    @Test
    void theAccessTokenWorksIsMaskedAndTheRotatedTokenIsStored() throws Exception {
        Path ca = Files.writeString(jenkins.jenkins.getRootDir().toPath().resolve("ca.pem"), simulator.authorityPem());
        add("sa", simulator.addAccount("ci", "acme"));
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
        awaitStored("sa");
        SecretSweep.assertNone(simulator, jenkins.jenkins.getRootDir().toPath());
    }

    @Test
    void threeBuildsThreeRotationsNoReuse() throws Exception {
        add("sa", simulator.addAccount("ci", "acme"));
        simulator.setLifetime(Duration.ofSeconds(1));
        for (int i = 1; i <= 3; i++) {
            build("withVcfToken(credentialsId: 'sa') { echo VCF_URL }", Result.SUCCESS);
            awaitStored("sa");
            Thread.sleep(1_100);
        }
        assertThat(simulator.rotations()).isGreaterThanOrEqualTo(3);
        assertThat(simulator.reuses()).isZero();
        assertThat(simulator.mostReceived()).isEqualTo(1);
    }

    @Test
    void usableAsSecretText() throws Exception {
        add("sa", simulator.addAccount("ci", "acme"));
        WorkflowRun run = build(
                "withCredentials([string(credentialsId: 'sa', variable: 'T')]) { echo \"access token $T\" }",
                Result.SUCCESS);
        jenkins.assertLogContains("access token ****", run);
        assertThat(simulator.grants()).isEqualTo(1);
        SecretSweep.assertNone(simulator, run.getRootDir().toPath());
    }

    @Test
    void renewedInMidBlock() throws Exception {
        add("sa", simulator.addAccount("ci", "acme"));
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
    void quietBlock_logsNoLineOfItsOwn() throws Exception {
        add("sa", simulator.addAccount("ci", "acme"));
        WorkflowRun run = build(
                "withVcfToken(credentialsId: 'sa', quiet: true) { echo VCF_URL; vcfTokenRefresh() }", Result.SUCCESS);
        jenkins.assertLogNotContains("Using sa", run);
        jenkins.assertLogNotContains("Renewed the access token of sa", run);
    }

    @Test
    void blockWithoutAnAccessToken_linksTheStatusOfItsToken() throws Exception {
        add("sa", simulator.addAccount("ci", "acme"));
        simulator.revoke("ci");
        WorkflowRun run = build("withVcfToken(credentialsId: 'sa') { }", Result.FAILURE);
        jenkins.assertLogContains("Token status of sa", run);
        assertThat(jenkins.createWebClient()
                        .getPage(run, "console")
                        .getWebResponse()
                        .getContentAsString())
                .contains("/manage/vcf-tokens/credential/sa/");
    }

    @Test
    void blockWithoutACredential_saysThatNoneIsSelected() throws Exception {
        fails("withVcfToken('') { }", "No credential is selected");
    }

    @Test
    void anAccessTokenInAFailureIsMasked() throws Exception {
        add("sa", simulator.addAccount("ci", "acme"));
        WorkflowRun run =
                build("withVcfToken(credentialsId: 'sa') { error(\"failed with ${env.VCF_TOKEN}\") }", Result.FAILURE);
        jenkins.assertLogContains("failed with ****", run);
        SecretSweep.assertNone(simulator, run.getRootDir().toPath());
    }

    @Test
    void otherVariables() throws Exception {
        add("sa", simulator.addAccount("ci", "acme"));
        WorkflowRun run = build(
                "withVcfToken(credentialsId: 'sa', tokenVariable: 'A', urlVariable: 'B') { echo \"$A at $B\" }",
                Result.SUCCESS);
        jenkins.assertLogContains("**** at " + simulator.url(), run);
    }

    @Test
    void unknownCredential() throws Exception {
        fails("withVcfToken(credentialsId: 'nope') { }", "No credential with the ID ‘nope’");
    }

    @Test
    void credentialOfAnotherKind() throws Exception {
        SystemCredentialsProvider.getInstance()
                .getCredentials()
                .add(new StringCredentialsImpl(CredentialsScope.GLOBAL, "text", null, Secret.fromString("x")));
        fails("withVcfToken(credentialsId: 'text') { }", "Credential ‘text’ has the unsupported kind “Secret text”");
    }

    @Test
    void credentialOfSystemScope() throws Exception {
        add(new VcfaServiceAccount(
                CredentialsScope.SYSTEM, "internal", null, simulator.url().toString(), "acme", Secret.fromString("t")));
        fails("withVcfToken(credentialsId: 'internal') { }", "No credential with the ID ‘internal’");
        assertThat(simulator.requests()).isZero();
    }

    @Test
    void emptyToken() throws Exception {
        add("sa", "");
        fails("withVcfToken(credentialsId: 'sa') { }", "Credential ‘sa’", "stores no refresh token yet");
    }

    @Test
    void unreachableHost() throws Exception {
        add(new VcfaServiceAccount(
                CredentialsScope.GLOBAL, "sa", null, "https://localhost:1", "acme", Secret.fromString("t")));
        fails(
                "withVcfToken(credentialsId: 'sa') { }",
                "Credential ‘sa’ (VCF Automation at https://localhost:1, organization ‘acme’)",
                "cannot be reached; nothing was sent");
    }

    @Test
    void untrustedCertificate() throws Exception {
        add(new VcfaServiceAccount(
                CredentialsScope.GLOBAL,
                "sa",
                null,
                simulator.url().toString(),
                "acme",
                Secret.fromString(simulator.addAccount("ci", "acme"))));
        fails("withVcfToken(credentialsId: 'sa') { }", "certificate is not trusted", "authority that signed it");
        assertThat(simulator.requests()).isZero();
    }

    @Test
    void refusedToken() throws Exception {
        add("sa", simulator.addAccount("ci", "acme"));
        simulator.revoke("ci");
        fails("withVcfToken(credentialsId: 'sa') { }", "‘acme’", "invalid_grant", "re-authorize the account");
    }

    @Test
    void lostAnswer() throws Exception {
        add("sa", simulator.addAccount("ci", "acme"));
        System.setProperty(JenkinsAndSimulator.RETRY_UNKNOWN, "false");
        simulator.inject(Fault.CLOSE_AFTER_COMMIT);
        fails("withVcfToken(credentialsId: 'sa') { }", "may have rotated the refresh token away");
        fails("withVcfToken(credentialsId: 'sa') { }", "it is not known whether the stored token still works");
        assertThat(simulator.reuses()).isZero();
    }

    @Test
    void variablesThatCannotBe() throws Exception {
        add("sa", simulator.addAccount("ci", "acme"));
        fails("withVcfToken(credentialsId: 'sa', tokenVariable: 'PATH+X') { }", "‘PATH+X’ cannot be the name");
        fails(
                "withVcfToken(credentialsId: 'sa', tokenVariable: 'A', urlVariable: 'A') { }",
                "The variable name ‘A’ is used more than once");
        assertThat(simulator.requests()).isZero();
    }

    private void fails(String script, String... expected) throws Exception {
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

    private void add(String id, String initialToken) throws Exception {
        VcfaServiceAccount credential = new VcfaServiceAccount(
                CredentialsScope.GLOBAL, id, null, simulator.url().toString(), "acme", Secret.fromString(initialToken));
        credential.setCaCertificates(simulator.authorityPem());
        add(credential);
    }

    private static void add(VcfaServiceAccount credential) throws Exception {
        JenkinsAccount.store(credential);
    }

    /** The store is written after the access token is out, so it may take a moment. */
    private void awaitStored(String id) throws Exception {
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!stored(id).equals(simulator.currentToken("ci"))) {
            assertThat(System.nanoTime())
                    .as("the rotated token reaches credentials.xml")
                    .isLessThan(deadline);
            Thread.sleep(20);
        }
    }

    private String stored(String id) throws Exception {
        String xml = Files.readString(jenkins.jenkins.getRootDir().toPath().resolve("credentials.xml"));
        String sealed = xml.replaceAll("(?s).*<id>" + id + "</id>.*?<refreshToken>(.*?)</refreshToken>.*", "$1");
        Secret secret = Secret.decrypt(sealed);
        return secret == null ? "" : secret.getPlainText();
    }
}
