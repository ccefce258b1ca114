package io.jenkins.plugins.vcftoken.credentials;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.model.Result;
import hudson.security.ACL;
import hudson.util.FormValidation;
import hudson.util.Secret;
import io.jenkins.plugins.casc.ConfigurationAsCode;
import io.jenkins.plugins.vcftoken.ExamplesJenkinsTest;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.JenkinsReset;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import jenkins.model.Jenkins;
import org.htmlunit.html.HtmlForm;
import org.htmlunit.html.HtmlPage;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

@WithJenkins
class KindsJenkinsTest {

    private static JenkinsRule jenkins;

    @AutoClose("closeWithoutViolations")
    private final Simulator simulator = Simulator.start();

    private WorkflowJob job;

    @BeforeAll
    static void start(JenkinsRule rule) {
        jenkins = rule;
    }

    @BeforeEach
    void prepare() throws Exception {
        ExamplesJenkinsTest.addAll(simulator);
        JenkinsAccount.trust(simulator.authorityPem());
        job = jenkins.createProject(WorkflowJob.class, "job");
    }

    @AfterEach
    void stop() throws Exception {
        JenkinsReset.reset(jenkins);
    }

    @ParameterizedTest
    @ValueSource(strings = {"vcfa", "sddc-manager", "csp-token", "csp-app", "vcf-sso", "vcf-operations"})
    void eachKindIsUsableAsSecretText(String id) throws Exception {
        WorkflowRun run = build(
                "withCredentials([string(credentialsId: '" + id + "', variable: 'T')]) { echo \"access token $T\" }",
                Result.SUCCESS);
        jenkins.assertLogContains("access token ****", run);
        SecretSweep.assertNone(simulator, run.getRootDir().toPath());
    }

    @ParameterizedTest
    @ValueSource(strings = {"vcfa", "sddc-manager", "csp-token", "csp-app", "vcf-sso", "vcf-operations"})
    void eachKindSurvivesItsForm(String id) throws Exception {
        VcfCredentials before = stored(id);
        assertThat(com.cloudbees.plugins.credentials.CredentialsNameProvider.name(before))
                .contains(" / ")
                .doesNotContain(before.storedSecret().getPlainText());
        HtmlPage page =
                jenkins.createWebClient().goTo("manage/credentials/store/system/domain/_/credential/" + id + "/update");
        HtmlForm form = page.getFormByName("update");
        jenkins.submit(form);
        VcfCredentials after = stored(id);
        assertThat(after).isNotSameAs(before);
        assertThat(after.account()).isEqualTo(before.account());
        assertThat(after.storedSecret().getPlainText())
                .isEqualTo(before.storedSecret().getPlainText());
        assertThat(after.getCaCertificates()).isEqualTo(before.getCaCertificates());
        assertThat(after.isSkipTlsVerification()).isFalse();
    }

    @Test
    void eachKindSurvivesConfigurationAsCode() throws Exception {
        String yaml = """
                credentials:
                  system:
                    domainCredentials:
                    - credentials:
                      - sddcManagerUser:
                          id: c-user
                          scope: GLOBAL
                          url: https://sddc.example.com
                          username: svc@vsphere.local
                          password: secret-one
                          skipTlsVerification: true
                      - sddcManagerUser:
                          id: c-key
                          scope: GLOBAL
                          url: https://sddc.example.com
                          apiKey: secret-two
                      - cspApiToken:
                          id: c-token
                          scope: GLOBAL
                          url: https://console.tanzu.broadcom.com
                          apiToken: secret-three
                      - cspOAuthApp:
                          id: c-app
                          scope: GLOBAL
                          url: https://console.cloud.vmware.com
                          appId: app
                          appSecret: secret-four
                          organizationId: 0b6e0a3e-94c1-4b0c-8d1f-6a5c1e0f7a11
                          scopes: csp:org_member
                          accessTokenValiditySeconds: 600
                      - vcfSsoApiToken:
                          id: c-sso
                          scope: GLOBAL
                          url: https://broker.example.com
                          apiToken: secret-five
                      - vcfOperationsUser:
                          id: c-operations
                          scope: GLOBAL
                          url: https://operations.example.com
                          username: svc-jenkins
                          password: secret-six
                          authSource: corp.example.com
                """;
        Path file = Files.writeString(jenkins.jenkins.getRootDir().toPath().resolve("casc.yaml"), yaml);
        ConfigurationAsCode.get().configure(file.toString());
        assertThat(stored("c-user").account().description())
                .isEqualTo("SDDC Manager at https://sddc.example.com, account ‘svc@vsphere.local’");
        assertThat(stored("c-user").isSkipTlsVerification()).isTrue();
        assertThat(stored("c-key").storedSecret().getPlainText()).isEqualTo("secret-two");
        assertThat(stored("c-token").storedSecret().getPlainText()).isEqualTo("secret-three");
        assertThat(stored("c-sso").account().description())
                .isEqualTo("VCF SSO at https://broker.example.com, organization ‘CUSTOMER’");
        assertThat(stored("c-operations").account().description())
                .isEqualTo(
                        "VCF Operations at https://operations.example.com, account ‘svc-jenkins of corp.example.com’");
        CspOAuthApp app = (CspOAuthApp) stored("c-app");
        assertThat(app.getScopes()).isEqualTo("csp:org_member");
        assertThat(app.getAccessTokenValiditySeconds()).isEqualTo(600);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ConfigurationAsCode.get().export(out);
        String exported = out.toString(StandardCharsets.UTF_8);
        assertThat(exported)
                .contains(
                        "sddcManagerUser:",
                        "cspApiToken:",
                        "cspOAuthApp:",
                        "accessTokenValiditySeconds: 600",
                        "vcfSsoApiToken:")
                .doesNotContain("secret-one", "secret-two", "secret-three", "secret-four", "secret-five", "secret-six");
    }

    @ParameterizedTest
    @ValueSource(strings = {"echo 'fine'", "error('failed')"})
    void theSessionOfSddcManagerEndsWithTheBlock(String body) throws Exception {
        build(
                "withVcfToken(credentialsId: 'sddc-manager') { " + body + " }",
                body.startsWith("echo") ? Result.SUCCESS : Result.FAILURE);
        JenkinsAndSimulator.await(() -> simulator.sddcManager().releases() == 1);
        assertThat(simulator.sddcManager().openSessions()).isZero();
    }

    @Test
    void theSessionOfSddcManagerEndsWithAnAbortedBuild() throws Exception {
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
    void accessTokenOfVcfOperations_isReleasedWhenTheBlockEnds(String body) throws Exception {
        build(
                "withVcfToken(credentialsId: 'vcf-operations') { withVcfToken(credentialsId: 'vcf-operations') { "
                        + body + " } }",
                body.startsWith("echo") ? Result.SUCCESS : Result.FAILURE);
        JenkinsAndSimulator.await(() -> simulator.vcfOperations().releases() == 1);
        assertThat(simulator.vcfOperations().logins()).isEqualTo(1);
        assertThat(simulator.vcfOperations().openSessions()).isZero();
    }

    @Test
    void userOfVcfOperations_whoseSourceIsVcfSso_isRefusedOnceWithTheKindToUse() throws Exception {
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
        ExamplesJenkinsTest.store(user);
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
    void aWrongPasswordFailsWithWhatToDoAndIsNotRepeated() throws Exception {
        SddcManagerUser user = new SddcManagerUser(
                CredentialsScope.GLOBAL, "wrong", null, simulator.url().toString());
        user.setUsername(ExamplesJenkinsTest.SDDC_USER);
        user.setPassword(Secret.fromString("not-the-password"));
        user.setCaCertificates(simulator.authorityPem());
        ExamplesJenkinsTest.store(user);
        for (int i = 0; i < 3; i++) {
            WorkflowRun run = build("withVcfToken(credentialsId: 'wrong') { }", Result.FAILURE);
            jenkins.assertLogContains("Credential ‘wrong’ (SDDC Manager at " + simulator.url(), run);
            jenkins.assertLogContains("rejected the credentials", run);
            jenkins.assertLogNotContains("\tat ", run);
        }
        assertThat(simulator.sddcManager().refusedLogins()).isEqualTo(1);
    }

    @Test
    void aRefusedApiTokenIsNotQuoted() throws Exception {
        simulator.cloudServices().revoke(ExamplesJenkinsTest.API_TOKEN);
        WorkflowRun run = build("withVcfToken(credentialsId: 'csp-token') { }", Result.FAILURE);
        jenkins.assertLogContains("generate a new API token", run);
        SecretSweep.assertNone(simulator, run.getRootDir().toPath());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void apiTokenOfVcfSso_revokedOrOfAnInactiveUser_failsWithBothCausesAndAsksNoPersonToUnlockIt(boolean revoked)
            throws Exception {
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
    void aShortOutageIsWaitedFor() throws Exception {
        simulator.inject(Fault.STATUS_502);
        build("withVcfToken(credentialsId: 'csp-app') { }", Result.SUCCESS);
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void anOrganizationNeedsTheProvider() throws Exception {
        WorkflowRun run =
                build("withVcfToken(credentialsId: 'vcfa', organization: 'allapps_org01') { }", Result.FAILURE);
        jenkins.assertLogContains("this requires a provider service account of VCF Automation", run);
        assertThat(simulator.requests()).isZero();
    }

    @Test
    void anUnknownOrganizationIsNamed() throws Exception {
        WorkflowRun run =
                build("withVcfToken(credentialsId: 'vcfa-provider', organization: 'nope') { }", Result.FAILURE);
        jenkins.assertLogContains("organization ‘nope’", run);
        jenkins.assertLogContains("Check the spelling of the organization", run);
    }

    @Test
    void anAccessTokenOfAnotherOrganizationIsWarnedOf() throws Exception {
        simulator.setClaimedOrganization("globex");
        WorkflowRun run = build("withVcfToken(credentialsId: 'vcfa') { }", Result.SUCCESS);
        jenkins.assertLogContains("for the organization ‘globex’, and not for ‘acme’", run);
    }

    @Test
    void verificationCanBeSkippedLoudly() throws Exception {
        CspApiToken careless = new CspApiToken(
                CredentialsScope.GLOBAL,
                "careless",
                null,
                simulator.url().toString().replace("localhost", "127.0.0.1"),
                Secret.fromString(ExamplesJenkinsTest.API_TOKEN));
        careless.setSkipTlsVerification(true);
        ExamplesJenkinsTest.store(careless);
        WorkflowRun run = build("withVcfToken(credentialsId: 'careless') { }", Result.FAILURE);
        // The simulator answers to its name only, but the certificate of another host has been taken.
        jenkins.assertLogContains("HTTP 404", run);
        FormValidation check = FormValidations.skipTlsVerification(true);
        assertThat(check.kind).isEqualTo(FormValidation.Kind.WARNING);
        assertThat(FormValidations.skipTlsVerification(false).kind).isEqualTo(FormValidation.Kind.OK);
    }

    @Test
    void aPasswordWithoutAUserNameStaysHere() throws Exception {
        SddcManagerUser unnamed = new SddcManagerUser(
                CredentialsScope.GLOBAL, "unnamed", null, simulator.url().toString());
        unnamed.setPassword(Secret.fromString("lonely"));
        unnamed.setCaCertificates(simulator.authorityPem());
        ExamplesJenkinsTest.store(unnamed);
        WorkflowRun run = build("withVcfToken(credentialsId: 'unnamed') { }", Result.FAILURE);
        jenkins.assertLogContains("it stores no secret", run);
        assertThat(simulator.requests()).isZero();
    }

    private WorkflowRun build(String script, Result result) throws Exception {
        job.setDefinition(new CpsFlowDefinition(script, true));
        return jenkins.buildAndAssertStatus(result, job);
    }

    private static VcfCredentials stored(String id) {
        return CredentialsProvider.lookupCredentialsInItemGroup(
                        VcfCredentials.class, Jenkins.get(), ACL.SYSTEM2, List.of())
                .stream()
                .filter(credential -> credential.getId().equals(id))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + id + " in "
                        + SystemCredentialsProvider.getInstance().getCredentials()));
    }
}
