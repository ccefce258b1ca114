package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.credentials.SddcManagerUser;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.simulator.SddcManager;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.time.Duration;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Blocks that continue after the server has ended the session of their access token. */
@WithJenkins
class EndedSessionsJenkinsTest {

    private static final String PASSWORD = "a-password-of-sddc-manager";
    private static final int ALWAYS = 1_000_000;

    /** Calls the API until the token changes, and five more times. */
    private static final String CALL_UNTIL_RENEWED = "def first = env.VCF_TOKEN; def more = 5\n"
            + "for (int i = 0; i < 300 && more > 0; i++) {\n"
            + "  sh 'curl --fail --silent --show-error -o /dev/null -H \"Authorization: Bearer $VCF_TOKEN\" "
            + "$VCF_URL/v1/sddc-managers'\n"
            + "  if (env.VCF_TOKEN != first) { more-- }\n"
            + "}\n"
            + "if (more > 0) { error('never renewed') }\n";

    private static JenkinsRule jenkins;

    @AutoClose("closeAndCheckViolations")
    private static final Simulator simulator = Simulator.start();

    private static SddcManager sddc;
    private static int users;

    private String user;

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        sddc = simulator.sddcManager();
        JenkinsAccount.trust(simulator.authorityPem());
        rule.jenkins.setNumExecutors(2);
    }

    @BeforeEach
    void addUser() throws Exception {
        user = "svc-" + users++ + "@vsphere.local";
        sddc.addUser(user, PASSWORD);
        SddcManagerUser credential = new SddcManagerUser(
                CredentialsScope.GLOBAL, user, null, simulator.url().toString());
        credential.setUsername(user);
        credential.setPassword(Secret.fromString(PASSWORD));
        credential.setCaCertificates(simulator.authorityPem());
        JenkinsAccount.store(credential);
        sddc.refuseRenewals(500, 0);
    }

    /** With status 500, the lifetime has to allow two attempts and the pause between them. */
    @ParameterizedTest
    @CsvSource({"401, 1, PT12S", "403, 1000000, PT12S", "500, 1000000, PT24S"})
    void failedRenewal_withSuccessfulLogin_causesNo401(int status, int times, Duration lifetime) throws Exception {
        simulator.setLifetime(lifetime);
        sddc.refuseRenewals(status, times);
        int unauthorized = simulator.unauthorized();
        int logins = sddc.logins();
        int rejectedLogins = sddc.refusedLogins();
        WorkflowRun run = start("node { withVcfToken(credentialsId: '" + user + "') {\n" + CALL_UNTIL_RENEWED + "} }");
        jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(run));
        assertThat(simulator.unauthorized()).isEqualTo(unauthorized);
        assertThat(sddc.logins() - logins).isEqualTo(2);
        assertThat(sddc.refusedLogins()).isEqualTo(rejectedLogins);
    }

    @Test
    void failedRenewal_withRejectedLogin_isNotRepeated() throws Exception {
        simulator.setLifetime(Duration.ofHours(1));
        int unauthorized = simulator.unauthorized();
        int rejectedLogins = sddc.refusedLogins();
        WorkflowRun run = start("node { withVcfToken(credentialsId: '" + user + "') { echo 'ready'; sleep 11\n"
                + " for (int i = 0; i < 2; i++) {\n"
                + "  try { vcfTokenRefresh(); error('refreshed') } catch (e) { echo \"caught: $e.message\" }\n"
                + "  sh 'curl --fail --silent -H \"Authorization: Bearer $VCF_TOKEN\" $VCF_URL/v1/sddc-managers'\n"
                + "  sleep 11 } } }");
        jenkins.waitForMessage("ready", run);
        sddc.refuseRenewals(401, ALWAYS);
        sddc.addUser(user, "changed-on-the-server");
        jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(run));
        jenkins.assertLogContains("rejected the credentials", run);
        assertThat(simulator.unauthorized()).isEqualTo(unauthorized);
        assertThat(sddc.refusedLogins() - rejectedLogins).isEqualTo(1);
        sddc.addUser(user, PASSWORD);
    }

    /** Does the same as the example for an unexpected 401, with an access token for another organization. */
    @Test
    void refresh_afterTheServerEndedAllSessions_getsAValidTenantToken() throws Exception {
        simulator.setLifetime(Duration.ofHours(1));
        simulator.tenants().add("acme");
        VcfaServiceAccount provider = new VcfaServiceAccount(
                CredentialsScope.GLOBAL,
                "provider",
                null,
                simulator.url().toString(),
                "System",
                Secret.fromString(simulator.addAccount("provider", "System")));
        provider.setCaCertificates(simulator.authorityPem());
        JenkinsAccount.store(provider);
        String get = "curl --fail --silent --show-error -H \"Authorization: Bearer $VCF_TOKEN\" "
                + "$VCF_URL/deployment/api/deployments";
        WorkflowRun run = start("node { withVcfToken(credentialsId: 'provider', organization: 'acme') {\n"
                + " sh '" + get + "'; echo 'ready'; sleep 11\n"
                + " if (sh(script: '" + get + "', returnStatus: true) == 0) { error('the session is still valid') }\n"
                + " vcfTokenRefresh()\n"
                + " for (int i = 0; i < 5; i++) { sh '" + get + "' } } }");
        jenkins.waitForMessage("ready", run);
        int unauthorized = simulator.unauthorized();
        int rotations = simulator.rotations();
        simulator.endSessions();
        jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(run));
        // The first call of the job, and the token request with the access token of the provider.
        assertThat(simulator.unauthorized() - unauthorized).isEqualTo(2);
        assertThat(simulator.rotations() - rotations).isEqualTo(1);
        JenkinsAndSimulator.await(
                "the rotated token is stored",
                () -> SystemCredentialsProvider.getInstance().getCredentials().stream()
                        .anyMatch(one -> one instanceof VcfaServiceAccount account
                                && account.storedSecret().getPlainText().equals(simulator.currentToken("provider"))));
        jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(
                start("node { withVcfToken(credentialsId: 'provider', organization: 'acme') { sh '" + get + "' } }")));
        assertThat(simulator.unauthorized() - unauthorized).isEqualTo(2);
    }

    private static WorkflowRun start(String script) throws Exception {
        WorkflowJob job = jenkins.createProject(WorkflowJob.class);
        job.setDefinition(new CpsFlowDefinition(script, true));
        return job.scheduleBuild2(0).waitForStart();
    }
}
