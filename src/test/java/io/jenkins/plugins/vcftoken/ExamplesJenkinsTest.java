package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsScope;
import hudson.model.Result;
import hudson.slaves.EnvironmentVariablesNodeProperty;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.credentials.CspApiToken;
import io.jenkins.plugins.vcftoken.credentials.CspOAuthApp;
import io.jenkins.plugins.vcftoken.credentials.SddcManagerUser;
import io.jenkins.plugins.vcftoken.credentials.VcfOperationsUser;
import io.jenkins.plugins.vcftoken.credentials.VcfSsoApiToken;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Runs the sample Jenkinsfiles against the simulator, with one credential of each kind. */
@WithJenkins
public class ExamplesJenkinsTest {

    public static final String SDDC_USER = "svc-jenkins@vsphere.local";
    public static final String SDDC_PASSWORD = "Correct-Horse-Battery-Staple-1";
    public static final String API_TOKEN = "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cE1fG";
    public static final String APP_ORGANIZATION = "0b6e0a3e-94c1-4b0c-8d1f-6a5c1e0f7a11";
    public static final String SSO_TOKEN = "vidb_Kq7Rw2Tz9Xc4Vb6Nm8Lp1Hg3Jf5Ds0Sa";
    public static final String OPERATIONS_PASSWORD = "Battery-Staple-Correct-Horse-2";
    public static final String APP_SECRET = "Zy8xW6vU4tS2rQ0pO8nM6lK4jI2hG0fE";

    @ParameterizedTest
    @CsvSource({
        "vcfa, '\"name\":\"acme\"'",
        "organization, '\"name\":\"allapps_org01\"'",
        "sddc-manager, '\"content\":[]'",
        "csp-api-token, '\"refLinks\":['",
        "csp-oauth-app, '/orgs/0b6e0a3e-94c1-4b0c-8d1f-6a5c1e0f7a11\"'",
        "vmc, '\"org_type\":\"CUSTOMER\"'",
        "vcf-sso-api-token, '\"content\":[]'",
        "vcf-operations-user, '\"name\":\"mgmt-vc\"'",
        "vcenter-session, '\"name\":\"esx01.example.com\"'",
        "vcfa-provider-session, '\"name\":\"System\"'",
        "fleet-service, '\"componentType\":\"VSP\"'"
    })
    void exampleRuns(String name, String response, JenkinsRule jenkins) throws Exception {
        try (Simulator simulator = Simulator.start()) {
            addAll(simulator);
            JenkinsAccount.trust(
                    simulator.authorityPem(),
                    new EnvironmentVariablesNodeProperty.Entry("CSP_ORGANIZATION", APP_ORGANIZATION),
                    urlVariable("NSX", simulator),
                    urlVariable("VCENTER", simulator),
                    urlVariable("VCFA", simulator),
                    urlVariable("OPERATIONS", simulator),
                    urlVariable("FLEET", simulator),
                    new EnvironmentVariablesNodeProperty.Entry(
                            "VMC_URL", simulator.vmcUrl().toString()));
            WorkflowJob job = jenkins.createProject(WorkflowJob.class, name);
            String script = Files.readString(Path.of("docs/examples/" + name + ".Jenkinsfile"));
            job.setDefinition(new CpsFlowDefinition(script, true));
            WorkflowRun run = jenkins.buildAndAssertStatus(Result.SUCCESS, job);
            assertThat(simulator.served() - simulator.tenants().listRequests()).isEqualTo(1);
            assertThat(simulator.unauthorized()).isZero();
            assertThat(simulator.violations()).isEmpty();
            jenkins.assertLogContains(response, run);
            SecretSweep.assertNone(simulator, run.getRootDir().toPath());
        }
    }

    private static EnvironmentVariablesNodeProperty.Entry urlVariable(String variable, Simulator simulator) {
        return new EnvironmentVariablesNodeProperty.Entry(
                variable, simulator.url().toString());
    }

    /** Stores one credential of each kind, with the IDs that the examples use. */
    public static void addAll(Simulator simulator) throws Exception {
        String url = simulator.url().toString();
        simulator.tenants().add("allapps_org01");
        simulator.sddcManager().addUser(SDDC_USER, SDDC_PASSWORD);
        simulator.cloudServices().addApiToken(API_TOKEN, Instant.parse("2099-01-01T00:00:00Z"));
        simulator.cloudServices().addApp("app-of-ci", APP_SECRET, APP_ORGANIZATION);
        VcfaServiceAccount account =
                JenkinsAccount.of(url, simulator.authorityPem(), "vcfa", simulator.addAccount("ci", "acme"));
        VcfaServiceAccount provider = new VcfaServiceAccount(
                CredentialsScope.GLOBAL,
                "vcfa-provider",
                null,
                url,
                "System",
                Secret.fromString(simulator.addAccount("provider", "System")));
        provider.setCaCertificates(simulator.authorityPem());
        SddcManagerUser user = new SddcManagerUser(CredentialsScope.GLOBAL, "sddc-manager", null, url);
        user.setUsername(SDDC_USER);
        user.setPassword(Secret.fromString(SDDC_PASSWORD));
        user.setCaCertificates(simulator.authorityPem());
        CspApiToken token =
                new CspApiToken(CredentialsScope.GLOBAL, "csp-token", null, url, Secret.fromString(API_TOKEN));
        token.setCaCertificates(simulator.authorityPem());
        CspOAuthApp app = new CspOAuthApp(
                CredentialsScope.GLOBAL, "csp-app", null, url, "app-of-ci", Secret.fromString(APP_SECRET));
        app.setCaCertificates(simulator.authorityPem());
        simulator.vcfSso().addApiToken("CUSTOMER", "client-of-ci", SSO_TOKEN, Instant.parse("2099-01-01T00:00:00Z"));
        VcfSsoApiToken ssoToken =
                new VcfSsoApiToken(CredentialsScope.GLOBAL, "vcf-sso", null, url, Secret.fromString(SSO_TOKEN));
        ssoToken.setCaCertificates(simulator.authorityPem());
        simulator.vcfOperations().addUser("svc-jenkins", "", OPERATIONS_PASSWORD);
        VcfOperationsUser operations = new VcfOperationsUser(
                CredentialsScope.GLOBAL,
                "vcf-operations",
                null,
                url,
                "svc-jenkins",
                Secret.fromString(OPERATIONS_PASSWORD));
        operations.setCaCertificates(simulator.authorityPem());
        JenkinsAccount.store(account, provider, user, token, app, ssoToken, operations);
    }
}
