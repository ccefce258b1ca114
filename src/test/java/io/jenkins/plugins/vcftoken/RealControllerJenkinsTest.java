package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.model.Result;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.credentials.VcfOperationsUser;
import io.jenkins.plugins.vcftoken.credentials.VcfSsoApiToken;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.RealJenkinsExtension;

/** Jenkins in a separate process, over three lifetimes of access tokens and a restart. */
class RealControllerJenkinsTest {

    private static final Duration LIFETIME = Duration.ofSeconds(5);

    @RegisterExtension
    private final RealJenkinsExtension controller = new RealJenkinsExtension();

    @AutoClose
    private final Simulator simulator = Simulator.start();

    @BeforeEach
    void start() throws Exception {
        simulator.setLifetime(LIFETIME);
    }

    @Test
    void standardBuild_rotatesTokenAcrossRestart() throws Throwable {
        runBuildsAcrossRestart();
    }

    @Test
    void offlineBuild_rotatesTokenAcrossRestart() throws Throwable {
        installOfflineBuild();
        runBuildsAcrossRestart();
    }

    /** Kinds, bindings and periodic work are found by annotation indexes, which the offline build creates itself. */
    @Test
    void offlineBuild_vcfSsoAndVcfOperations_work() throws Throwable {
        installOfflineBuild();
        simulator.setLifetime(Duration.ofHours(1));
        LocalDate day = LocalDate.now(ZoneOffset.UTC).plusDays(5);
        simulator
                .vcfSso()
                .addApiToken(
                        "CUSTOMER",
                        "client",
                        "vidb_first-of-client",
                        day.atStartOfDay(ZoneOffset.UTC).toInstant());
        simulator.vcfOperations().addUser("svc", "", "Aa1-password-of-svc");
        Path ca = Files.writeString(Files.createTempFile("ca", ".pem"), simulator.authorityPem());
        controller.startJenkins();
        controller.runRemotely(
                RealControllerJenkinsTest::setUpSsoAndOperations,
                simulator.url().toString(),
                simulator.authorityPem(),
                ca.toString(),
                day.toString());
        controller.runRemotely(RealControllerJenkinsTest::buildSsoAndOperations);
        controller.runRemotely(RealControllerJenkinsTest::regenerate);
        JenkinsAndSimulator.await("regenerated", () -> simulator.vcfSso().regenerations() == 1);
        String next = simulator.vcfSso().currentToken("client");
        JenkinsAndSimulator.await("stored", () -> {
            try {
                return next.equals(controller.runRemotely(RealControllerJenkinsTest::storedApiToken));
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        });
        controller.stopJenkins();
        controller.startJenkins();
        controller.runRemotely(RealControllerJenkinsTest::buildSsoAndOperations);
        controller.stopJenkins();
        assertThat(simulator.served())
                .as("two calls in each build, and the regeneration")
                .isEqualTo(5);
        assertThat(simulator.unauthorized()).isZero();
        assertThat(simulator.vcenter().openSessions()).isZero();
        assertThat(simulator.vcfSso().repeatedRegenerations()).isZero();
        assertThat(simulator.violations()).isEmpty();
        SecretSweep.assertNone(simulator, controller.getHome().toPath());
        Files.delete(ca);
    }

    private void installOfflineBuild() throws Exception {
        assumeTrue(JenkinsProcess.installOfflineBuild(controller), "the offline build has not run");
    }

    private static void setUpSsoAndOperations(JenkinsRule rule, String url, String authority, String ca, String day)
            throws Exception {
        VcfSsoApiToken sso = new VcfSsoApiToken(
                CredentialsScope.GLOBAL, "sso", null, url, Secret.fromString("vidb_first-of-client"));
        sso.setCaCertificates(authority);
        sso.setExpiresOn(day);
        sso.setRegenerateDaysBefore(7);
        VcfOperationsUser operations = new VcfOperationsUser(
                CredentialsScope.GLOBAL, "ops", null, url, "svc", Secret.fromString("Aa1-password-of-svc"));
        operations.setCaCertificates(authority);
        JenkinsAccount.store(sso, operations);
        String curl = "sh 'curl --fail --silent --show-error --cacert " + ca + " -H @\"$H\" " + url;
        rule.createProject(WorkflowJob.class, "others")
                .setDefinition(new CpsFlowDefinition(
                        "node { withVcfToken(credentialsId: 'sso', bindings: [vcenterSession(url: '" + url
                                + "', variable: 'S', headerFileVariable: 'H')]) { " + curl + "/api/vcenter/host' }\n"
                                + "withVcfToken(credentialsId: 'ops', bindings: [headerFile(variable: 'H', scheme:"
                                + " 'OpsToken')]) { " + curl + "/suite-api/api/resources' } }",
                        true));
    }

    private static void buildSsoAndOperations(JenkinsRule rule) throws Exception {
        rule.buildAndAssertStatus(Result.SUCCESS, rule.jenkins.getItemByFullName("others", WorkflowJob.class));
    }

    private static void regenerate(JenkinsRule rule) {
        SecretRegenerationWork.get().doRun();
    }

    private static String storedApiToken(JenkinsRule rule) {
        return SystemCredentialsProvider.getInstance().getCredentials().stream()
                .filter(credential -> credential instanceof VcfSsoApiToken)
                .map(credential -> ((VcfSsoApiToken) credential).storedSecret().getPlainText())
                .findFirst()
                .orElseThrow();
    }

    private void runBuildsAcrossRestart() throws Throwable {
        File home = controller.getHome();
        Path ca = Files.writeString(Files.createTempFile("ca", ".pem"), simulator.authorityPem());
        String initialToken = simulator.addAccount("ci", "acme");
        controller.startJenkins();
        controller.runRemotely(
                RealControllerJenkinsTest::setUp, simulator.url().toString(), simulator.authorityPem(), initialToken);
        for (int build = 1; build <= 3; build++) {
            controller.runRemotely(RealControllerJenkinsTest::build, ca.toString());
            Thread.sleep(LIFETIME.toMillis());
        }
        assertThat(simulator.served()).isEqualTo(3);
        assertThat(simulator.rotations()).isGreaterThanOrEqualTo(3);
        String stored = controller.runRemotely(RealControllerJenkinsTest::stored);
        assertThat(stored).isEqualTo(simulator.currentToken("ci"));
        controller.stopJenkins();
        controller.startJenkins();
        controller.runRemotely(RealControllerJenkinsTest::build, ca.toString());
        controller.stopJenkins();
        assertThat(simulator.served()).isEqualTo(4);
        assertThat(simulator.unauthorized()).isZero();
        assertThat(simulator.reuses()).isZero();
        assertThat(simulator.maxRequestsPerSecret()).isEqualTo(1);
        assertThat(simulator.violations()).isEmpty();
        SecretSweep.assertNone(simulator, home.toPath());
        Files.delete(ca);
    }

    private static void setUp(JenkinsRule rule, String url, String authority, String initialToken) throws Exception {
        JenkinsAccount.add(url, authority, "sa", initialToken);
        rule.createProject(WorkflowJob.class, "job");
    }

    private static void build(JenkinsRule rule, String ca) throws Exception {
        WorkflowJob job = rule.jenkins.getItemByFullName("job", WorkflowJob.class);
        job.setDefinition(new CpsFlowDefinition(
                "node { withVcfToken(credentialsId: 'sa') {\n"
                        + "  sh 'curl --fail --silent --show-error --cacert " + ca
                        + " -H \"Authorization: Bearer $VCF_TOKEN\" $VCF_URL/deployment/api/deployments'\n"
                        + "  sh 'echo the access token is $VCF_TOKEN'\n"
                        + "} }",
                true));
        WorkflowRun run = rule.buildAndAssertStatus(Result.SUCCESS, job);
        rule.assertLogContains("the access token is ****", run);
    }

    private static String stored(JenkinsRule rule) throws Exception {
        return JenkinsAndSimulator.tokenIn(new File(rule.jenkins.getRootDir(), "credentials.xml"), "sa");
    }
}
