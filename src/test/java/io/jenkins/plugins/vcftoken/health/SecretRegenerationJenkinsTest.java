package io.jenkins.plugins.vcftoken.health;

import static io.jenkins.plugins.vcftoken.JenkinsAndSimulator.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsScope;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsClock;
import io.jenkins.plugins.vcftoken.SecretRegenerationWork;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.credentials.VcfSsoApiToken;
import io.jenkins.plugins.vcftoken.oauth.TokenErrorType;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import io.jenkins.plugins.vcftoken.simulator.VcfSso;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import net.sf.json.JSONObject;
import org.htmlunit.html.HtmlPage;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.jenkinsci.plugins.workflow.test.steps.SemaphoreStep;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.JenkinsSessionExtension;

/** A VCF SSO API token that expires in five days, with regeneration seven days before its expiry. */
class SecretRegenerationJenkinsTest {

    private static final String INITIAL_TOKEN = "vidb_first-token-of-the-client";
    private static final String PAGE = "manage/vcf-tokens/credential/sso/";

    @RegisterExtension
    private final JenkinsSessionExtension sessions = new JenkinsSessionExtension();

    private final LocalDate expiryDate = LocalDate.now(ZoneOffset.UTC).plusDays(5);

    @AutoClose("closeAndCheckViolations")
    private final Simulator simulator = Simulator.start();

    private VcfSso sso;

    @BeforeEach
    void start() throws Exception {
        sso = simulator.vcfSso();
        sso.addApiToken(
                "CUSTOMER",
                "client",
                INITIAL_TOKEN,
                expiryDate.atStartOfDay(ZoneOffset.UTC).toInstant());
    }

    @AfterEach
    void stop() {
        assertThat(sso.repeatedRegenerations()).isZero();
    }

    private WorkflowJob addCredentialAndJob(JenkinsRule rule, String expiresOn) throws Exception {
        VcfSsoApiToken credential = new VcfSsoApiToken(
                CredentialsScope.GLOBAL, "sso", null, simulator.url().toString(), Secret.fromString(INITIAL_TOKEN));
        credential.setCaCertificates(simulator.authorityPem());
        credential.setExpiresOn(expiresOn);
        credential.setRegenerateDaysBefore(7);
        JenkinsAccount.store(credential);
        WorkflowJob job = rule.createProject(WorkflowJob.class, "job");
        job.setDefinition(new CpsFlowDefinition("withVcfToken(credentialsId: 'sso') { echo VCF_URL }", true));
        return job;
    }

    /** Reads a field from {@code credentials.xml}. */
    private static String stored(JenkinsRule rule, String field) throws Exception {
        String xml = Files.readString(rule.jenkins.getRootDir().toPath().resolve("credentials.xml"));
        return xml.replaceAll("(?s).*<" + field + ">(.*?)</" + field + ">.*", "$1");
    }

    private static String storedToken(JenkinsRule rule) throws Exception {
        Secret secret = Secret.decrypt(stored(rule, "apiToken"));
        return secret == null ? "" : secret.getPlainText();
    }

    private static JSONObject health(JenkinsRule rule) throws Exception {
        return rule.getJSON(PAGE + "api/json").getJSONObject();
    }

    private static List<String> warnings() throws Exception {
        HealthMonitorWork.get().refresh();
        return HealthMonitorWork.get().warnings(HealthWarning.Kind.EXPIRY).stream()
                .map(HealthWarning::getText)
                .toList();
    }

    @Test
    void apiTokenBeforeItsExpiry_isRegeneratedDuringABlockAndWorksAfterARestart() throws Throwable {
        sessions.then(rule -> {
            WorkflowJob job = addCredentialAndJob(rule, expiryDate.toString());
            job.setDefinition(new CpsFlowDefinition(
                    "withVcfToken(credentialsId: 'sso') { semaphore 'inside'; echo \"got ${VCF_TOKEN.length()}\" }",
                    true));
            WorkflowRun run = job.scheduleBuild2(0).waitForStart();
            SemaphoreStep.waitForStart("inside/1", run);
            assertThat(warnings()).as("no user action is required").isEmpty();
            assertThat(health(rule).getString("secretRegeneratedAt"))
                    .startsWith(expiryDate.minusDays(8).toString());

            try (JenkinsAuditEvents log = new JenkinsAuditEvents(Level.INFO)) {
                SecretRegenerationWork.get().run();
                await(
                        "the new API token reaches the store",
                        () -> sso.regenerations() == 1 && storedToken(rule).equals(sso.currentToken("client")));
                Map<String, Object> event = log.only("regenerated");
                assertThat(event).containsEntry("credential", "sso").containsEntry("generation", 1);
                assertThat(event.get("next")).isNotEqualTo(event.get("token"));
                assertThat((String) event.get("until")).startsWith("2");
                assertThat(log.lines())
                        .noneMatch(line -> simulator.refreshTokens().stream().anyMatch(line::contains));
            }
            assertThat(storedToken(rule)).isNotEqualTo(INITIAL_TOKEN);
            assertThat(Files.readString(rule.jenkins.getRootDir().toPath().resolve("credentials.xml")))
                    .as("expiry date of the replaced token")
                    .doesNotContain("expiresOn");
            assertThat(stored(rule, "regenerateDaysBefore")).isEqualTo("7");

            SemaphoreStep.success("inside/1", null);
            rule.assertBuildStatusSuccess(rule.waitForCompletion(run));
            assertThat(simulator.accessTokens())
                    .as("the open block keeps its access token")
                    .hasSize(1);
            assertThat(Instant.parse(health(rule).getString("secretExpiresAt")))
                    .isAfter(Instant.now().plus(Duration.ofDays(29)));
            HtmlPage page = JenkinsPages.newClientWithScripts(rule).goTo(PAGE);
            assertThat(page.querySelector("#vcf-regenerated time")
                            .getAttributes()
                            .getNamedItem("datetime")
                            .getNodeValue())
                    .startsWith(health(rule).getString("secretRegeneratedAt").replace("Z", ""));
            assertThat(warnings()).isEmpty();
            SecretSweep.assertNone(simulator, run.getRootDir().toPath());
        });
        sessions.then(rule -> {
            try (JenkinsClock clock = new JenkinsClock()) {
                clock.suspend(Duration.ofHours(2));
                WorkflowJob job = rule.jenkins.getItemByFullName("job", WorkflowJob.class);
                job.setDefinition(new CpsFlowDefinition("withVcfToken(credentialsId: 'sso') { echo VCF_URL }", true));
                rule.buildAndAssertSuccess(job);
                SecretRegenerationWork.get().run();
                assertThat(Instant.parse(health(rule).getString("secretExpiresAt")))
                        .isAfter(Instant.now().plus(Duration.ofDays(29)));
            }
            assertThat(simulator.accessTokens()).hasSize(2);
            assertThat(sso.refusals()).isZero();
            assertThat(sso.regenerations()).isEqualTo(1);
        });
    }

    @Test
    void rejectedRegeneration_isReportedByTheMonitorAndBuildsContinue() throws Throwable {
        sso.forbidRegeneration("client");
        sessions.then(rule -> {
            WorkflowJob job = addCredentialAndJob(rule, expiryDate.toString());
            SecretRegenerationWork.get().run();
            await("the monitor shows warnings", () -> warnings().size() == 2);
            assertThat(warnings())
                    .anySatisfy(text -> assertThat(text)
                            .startsWith("Its API token was not regenerated")
                            .contains("HTTP 403", TokenErrorType.REGENERATION_REJECTED.nextStep()))
                    .anySatisfy(text -> assertThat(text).startsWith("Its secret expires"));
            rule.buildAndAssertSuccess(job);
            assertThat(storedToken(rule)).isEqualTo(INITIAL_TOKEN);
            assertThat(health(rule).getString("state")).isEqualTo("READY");
        });
    }

    @Test
    void lostRegenerationResponse_isReportedByTheMonitorAndTheAccessTokenIsStillUsed() throws Throwable {
        sessions.then(rule -> {
            WorkflowJob job = addCredentialAndJob(rule, expiryDate.toString());
            rule.buildAndAssertSuccess(job);
            simulator.inject(Fault.CLOSE_AFTER_COMMIT);
            SecretRegenerationWork.get().run();
            await(
                    "the monitor shows warnings",
                    () -> warnings().stream()
                            .anyMatch(text ->
                                    text.startsWith("The response to the request for another API token was lost")));
            rule.buildAndAssertSuccess(job);
            assertThat(health(rule).getString("state")).isEqualTo("AWAITING_RETRY");
        });
        sessions.then(rule -> assertThat(warnings())
                .anyMatch(text -> text.startsWith("The response to the request for another API token was lost")));
    }

    @Test
    void apiTokenWithoutExpiryDate_isNotRegeneratedAndReportedByTheMonitor() throws Throwable {
        sessions.then(rule -> {
            addCredentialAndJob(rule, "");
            SecretRegenerationWork.get().run();
            assertThat(warnings())
                    .singleElement()
                    .satisfies(text -> assertThat(text).contains("the day on which it expires is unknown"));
            assertThat(simulator.requests()).isZero();
        });
    }
}
