package io.jenkins.plugins.vcftoken.credentials;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsScope;
import hudson.model.Result;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.ExamplesJenkinsTest;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.JenkinsSharedTestBase;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import java.time.Instant;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Session release, errors and warnings of builds, per credential kind. */
class CredentialKindErrorsJenkinsTest extends JenkinsSharedTestBase {

    private WorkflowJob job;

    @BeforeEach
    void prepare() throws Exception {
        ExamplesJenkinsTest.addAll(simulator);
        JenkinsAccount.trust(simulator.authorityPem());
        job = jenkins.createProject(WorkflowJob.class, "job");
    }

    @ParameterizedTest
    @ValueSource(strings = {"echo 'fine'", "error('failed')"})
    void sddcManagerSession_isReleasedWhenTheBlockEnds(String body) throws Exception {
        build(
                "withVcfToken(credentialsId: 'sddc-manager') { " + body + " }",
                body.startsWith("echo") ? Result.SUCCESS : Result.FAILURE);
        JenkinsAndSimulator.await(() -> simulator.sddcManager().releases() == 1);
        assertThat(simulator.sddcManager().openSessions()).isZero();
    }

    @Test
    void sddcManagerSession_isReleasedWhenTheBuildIsAborted() throws Exception {
        job.setDefinition(new CpsFlowDefinition("withVcfToken(credentialsId: 'sddc-manager') { sleep 600 }", true));
        WorkflowRun run = job.scheduleBuild2(0).waitForStart();
        jenkins.waitForMessage("Sleeping for", run);
        assertThat(simulator.sddcManager().openSessions()).isEqualTo(1);
        run.doStop();
        jenkins.assertBuildStatus(Result.ABORTED, jenkins.waitForCompletion(run));
        JenkinsAndSimulator.await(() -> simulator.sddcManager().releases() == 1);
        assertThat(simulator.sddcManager().openSessions()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"echo 'fine'", "error('failed')"})
    void vcfOperationsSession_isReleasedWhenTheBlockEnds(String body) throws Exception {
        build(
                "withVcfToken(credentialsId: 'vcf-operations') { withVcfToken(credentialsId: 'vcf-operations') { "
                        + body + " } }",
                body.startsWith("echo") ? Result.SUCCESS : Result.FAILURE);
        JenkinsAndSimulator.await(() -> simulator.vcfOperations().releases() == 1);
        assertThat(simulator.vcfOperations().logins()).isEqualTo(1);
        assertThat(simulator.vcfOperations().openSessions()).isZero();
    }

    @Test
    void vcfOperationsUserOfVcfSso_isRejectedOnceWithAdvice() throws Exception {
        simulator.vcfOperations().addSourceWithoutPasswords("VCF SSO");
        VcfOperationsUser user = new VcfOperationsUser(
                CredentialsScope.GLOBAL,
                "of-sso",
                null,
                simulator.url().toString(),
                "svc-jenkins",
                Secret.fromString("a-password-of-the-directory"));
        user.setAuthSource("VCF SSO");
        user.setCaCertificates(simulator.authorityPem());
        JenkinsAccount.store(user);
        for (int i = 0; i < 3; i++) {
            WorkflowRun run = build("withVcfToken(credentialsId: 'of-sso') { }", Result.FAILURE);
            jenkins.assertLogContains("signs in through VCF SSO", run);
            jenkins.assertLogContains(
                    i == 0
                            ? "Use a VCF SSO API token (the kind vcfSsoApiToken)"
                            : "To avoid locking the account, Jenkins waits until",
                    run);
        }
        assertThat(simulator.vcfOperations().refusedLogins()).isEqualTo(1);
    }

    @Test
    void wrongPassword_failsWithAdviceAndIsSentOnce() throws Exception {
        SddcManagerUser user = new SddcManagerUser(
                CredentialsScope.GLOBAL, "wrong", null, simulator.url().toString());
        user.setUsername(ExamplesJenkinsTest.SDDC_USER);
        user.setPassword(Secret.fromString("not-the-password"));
        user.setCaCertificates(simulator.authorityPem());
        JenkinsAccount.store(user);
        for (int i = 0; i < 3; i++) {
            WorkflowRun run = build("withVcfToken(credentialsId: 'wrong') { }", Result.FAILURE);
            jenkins.assertLogContains("Credential ‘wrong’ (SDDC Manager at " + simulator.url(), run);
            jenkins.assertLogContains("rejected the credentials", run);
            jenkins.assertLogNotContains("\tat ", run);
        }
        assertThat(simulator.sddcManager().refusedLogins()).isEqualTo(1);
    }

    @Test
    void rejectedApiToken_isNotLogged() throws Exception {
        simulator.cloudServices().revoke(ExamplesJenkinsTest.API_TOKEN);
        WorkflowRun run = build("withVcfToken(credentialsId: 'csp-token') { }", Result.FAILURE);
        jenkins.assertLogContains("generate a new API token", run);
        SecretSweep.assertNone(simulator, run.getRootDir().toPath());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void vcfSsoApiToken_revokedOrOfInactiveUser_failsWithBothCauses(boolean revoked) throws Exception {
        if (revoked) {
            simulator.vcfSso().revoke(ExamplesJenkinsTest.SSO_TOKEN);
            simulator.vcfSso().addApiToken("CUSTOMER", "other", "another-token", Instant.parse("2099-01-01T00:00:00Z"));
        } else {
            simulator.vcfSso().setActive("client-of-ci", false);
        }
        WorkflowRun run = build("withVcfToken(credentialsId: 'vcf-sso') { }", Result.FAILURE);
        jenkins.assertLogContains("expired or revoked, or of a user who has not signed in for a long time", run);
        jenkins.assertLogContains("(HTTP 500: An internal error occurred)", run);
        jenkins.assertLogContains("Sign in once as the user of the API token", run);
        jenkins.assertLogContains("VCF SSO Overview", run);
        assertThat(simulator.vcfSso().refusals()).isEqualTo(2);
        SecretSweep.assertNone(simulator, run.getRootDir().toPath());
        if (!revoked) {
            simulator.vcfSso().setActive("client-of-ci", true);
            build("withVcfToken(credentialsId: 'vcf-sso') { }", Result.SUCCESS);
        }
    }

    @Test
    void temporaryServerError_isRetried() throws Exception {
        simulator.inject(Fault.STATUS_502);
        build("withVcfToken(credentialsId: 'csp-app') { }", Result.SUCCESS);
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void organization_withoutProviderAccount_isRejectedWithoutARequest() throws Exception {
        WorkflowRun run =
                build("withVcfToken(credentialsId: 'vcfa', organization: 'allapps_org01') { }", Result.FAILURE);
        jenkins.assertLogContains("this requires a provider service account of VCF Automation", run);
        assertThat(simulator.requests()).isZero();
    }

    @Test
    void unknownOrganization_isNamedInTheError() throws Exception {
        WorkflowRun run =
                build("withVcfToken(credentialsId: 'vcfa-provider', organization: 'nope') { }", Result.FAILURE);
        jenkins.assertLogContains("organization ‘nope’", run);
        jenkins.assertLogContains("Check the spelling of the organization", run);
    }

    @Test
    void accessTokenOfAnotherOrganization_logsAWarning() throws Exception {
        simulator.setClaimedOrganization("globex");
        WorkflowRun run = build("withVcfToken(credentialsId: 'vcfa') { }", Result.SUCCESS);
        jenkins.assertLogContains("for the organization ‘globex’, and not for ‘acme’", run);
    }

    @Test
    void skipTlsVerification_acceptsTheCertificateOfAnotherHost() throws Exception {
        CspApiToken unverified = new CspApiToken(
                CredentialsScope.GLOBAL,
                "unverified",
                null,
                simulator.url().toString().replace("localhost", "127.0.0.1"),
                Secret.fromString(ExamplesJenkinsTest.API_TOKEN));
        unverified.setSkipTlsVerification(true);
        JenkinsAccount.store(unverified);
        WorkflowRun run = build("withVcfToken(credentialsId: 'unverified') { }", Result.FAILURE);
        // The simulator rejects other host names with 404, after the TLS handshake succeeded.
        jenkins.assertLogContains("HTTP 404", run);
    }

    @Test
    void passwordWithoutUserName_isNotSent() throws Exception {
        SddcManagerUser unnamed = new SddcManagerUser(
                CredentialsScope.GLOBAL, "unnamed", null, simulator.url().toString());
        unnamed.setPassword(Secret.fromString("unused-password"));
        unnamed.setCaCertificates(simulator.authorityPem());
        JenkinsAccount.store(unnamed);
        WorkflowRun run = build("withVcfToken(credentialsId: 'unnamed') { }", Result.FAILURE);
        jenkins.assertLogContains("it stores no secret", run);
        assertThat(simulator.requests()).isZero();
    }

    private WorkflowRun build(String script, Result result) throws Exception {
        job.setDefinition(new CpsFlowDefinition(script, true));
        return jenkins.buildAndAssertStatus(result, job);
    }
}
