package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.model.Result;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.RealJenkinsExtension;

/** The main job on a Jenkins that is a process of its own: three access tokens' lifetimes, a restart, and one more. */
class RealControllerJenkinsTest {

    private static final Duration LIFETIME = Duration.ofSeconds(5);

    @RegisterExtension
    private final RealJenkinsExtension controller = new RealJenkinsExtension();

    private Simulator simulator;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start();
        simulator.setLifetime(LIFETIME);
    }

    @AfterEach
    void stop() {
        simulator.close();
    }

    @Test
    void asTheStandardBuildMakesIt() throws Throwable {
        fourBuildsAndARestart();
    }

    @Test
    void asTheOfflineBuildPacksIt() throws Throwable {
        Path hpi = Path.of("offline", "plugin", "target", "vcf-token.hpi");
        assumeTrue(Files.exists(hpi), "the offline build has not run");
        Path plugins = controller.getHome().toPath().resolve("plugins");
        Files.delete(plugins.resolve("vcf-token.jpl"));
        Files.copy(hpi, plugins.resolve("vcf-token.jpi"));
        fourBuildsAndARestart();
    }

    private void fourBuildsAndARestart() throws Throwable {
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
        assertThat(simulator.mostReceived()).isEqualTo(1);
        assertThat(simulator.violations()).isEmpty();
        SecretSweep.assertNone(simulator, home.toPath());
        Files.delete(ca);
    }

    private static void setUp(JenkinsRule rule, String url, String authority, String initialToken) throws Exception {
        VcfaServiceAccount credential = new VcfaServiceAccount(
                CredentialsScope.GLOBAL, "sa", null, url, "acme", Secret.fromString(initialToken));
        credential.setCaCertificates(authority);
        SystemCredentialsProvider.getInstance().getCredentials().add(credential);
        SystemCredentialsProvider.getInstance().save();
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
        String xml = Files.readString(rule.jenkins.getRootDir().toPath().resolve("credentials.xml"));
        return Secret.decrypt(xml.replaceAll("(?s).*<refreshToken>(.*?)</refreshToken>.*", "$1"))
                .getPlainText();
    }
}
