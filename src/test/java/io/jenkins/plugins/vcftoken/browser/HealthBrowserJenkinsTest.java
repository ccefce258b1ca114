package io.jenkins.plugins.vcftoken.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.ExamplesJenkinsTest;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.credentials.CspApiToken;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import java.time.Duration;
import java.time.Instant;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The pages and administrative monitors on the status of tokens. */
class HealthBrowserJenkinsTest extends JenkinsBrowserTestBase {

    private static final String PAGE = "manage/vcf-tokens/";
    private static final String PANEL = "#main-panel";

    @BeforeAll
    static void accounts() throws Exception {
        ExamplesJenkinsTest.addAll(simulator);
        JenkinsAccount.store(account("vcfa-prod"), account("vcfa-lab"), account("vcfa-old"));
        JenkinsAccount.findStore(folder).addCredentials(Domain.global(), account("vcfa-team"));
        simulator.cloudServices().addApiToken("ends", Instant.now().plus(Duration.ofDays(5)));
        CspApiToken ends = new CspApiToken(
                CredentialsScope.GLOBAL, "csp-billing", null, simulator.url().toString(), Secret.fromString("ends"));
        ends.setSkipTlsVerification(true);
        JenkinsAccount.store(ends);
    }

    @Test
    void list_showsEachToken_andDetailPageItsUses() throws Exception {
        WorkflowJob job = jenkins.createProject(WorkflowJob.class, "deploy");
        job.setDefinition(new CpsFlowDefinition("withVcfToken(credentialsId: 'vcfa') { sleep 600 }", true));
        WorkflowRun run = job.scheduleBuild2(0).waitForStart();
        jenkins.waitForMessage("Sleeping", run);

        browser.visit("manage/");
        browser.click(browser.find("a[href$='vcf-tokens']"));
        assertThat(listedStatus("vcfa")).isEqualTo("READY");
        assertThat(listedStatus("sddc-manager")).isEqualTo("NOT_USED");
        assertThat(browser.find(rowSelector("vcfa-team")).getText()).contains(FOLDER);
        browser.screenshot("health", PANEL);
        browser.assertAccessible(PANEL);

        browser.click(browser.find(rowSelector("vcfa") + " a"));
        browser.screenshot("health-token", PANEL);
        browser.assertAccessible(PANEL);
        assertThat(browser.find("#vcf-token a[href*='/job/deploy/']").getText()).contains("deploy");
        browser.click(browser.find("#vcf-token a[href*='/job/deploy/']"));
        assertThat(browser.path()).startsWith("job/deploy/");

        run.doKill();
        jenkins.waitForCompletion(run);
    }

    @Test
    void pages_fitNarrowWindow_andAreAccessibleInDarkTheme() {
        useDarkTheme();
        browser.visit(PAGE);
        browser.assertAccessible(PANEL);
        browser.useNarrowWindow();
        browser.visit(PAGE);
        // Tests that ran before may have left records without a credential, whose table scrolls.
        browser.assertFitsExcept(PANEL, ".vcf-tokens-scroll:has(#vcf-orphans)");
        browser.visit(PAGE + "credential/vcfa-prod/");
        browser.assertFits(PANEL);
        browser.assertAccessible(PANEL);
    }

    @Test
    void renew_rotatesToken() {
        int before = simulator.rotations();
        browser.visit(PAGE + "credential/vcfa-prod/");
        browser.click(browser.find("form[name='renew'] button"));
        browser.await("ready", driver -> shownStatus().equals("READY"));
        assertThat(simulator.rotations()).isEqualTo(before + 1);
    }

    @Test
    void rejectedToken_isReportedByMonitor_andCanBeReplaced() {
        simulator.revoke("vcfa-lab");
        browser.visit(PAGE + "credential/vcfa-lab/");
        browser.click(browser.find("form[name='renew'] button"));
        browser.find(PANEL, "rejects the stored refresh token");
        ignoreBadRequests();

        String alert = "[data-monitor$='TokenErrorMonitor']";
        awaitMonitor(alert);
        browser.screenshot("monitor", alert);
        browser.assertAccessible(alert);
        browser.click(browser.find(alert + " li a", "vcfa-lab"));
        assertThat(browser.path()).isEqualTo(PAGE + "credential/vcfa-lab/");
        assertThat(shownStatus()).isEqualTo("REJECTED");
        browser.assertAccessible(PANEL);

        String fresh = simulator.reauthorize("vcfa-lab");
        browser.visit("manage/credentials/store/system/domain/_/credential/vcfa-lab/update");
        JenkinsForm form = new JenkinsForm(browser, "form[name='update']");
        form.press("Change Password");
        form.fill("refreshToken", fresh).press("Save");
        browser.await("saved", driver -> !browser.path().endsWith("update"));
        browser.visit(PAGE + "credential/vcfa-lab/");
        browser.click(browser.find("form[name='renew'] button"));
        browser.await("ready", driver -> shownStatus().equals("READY"));
        assertThat(simulator.currentToken("vcfa-lab")).isNotEqualTo(fresh);
    }

    @Test
    void retry_sendsOneMoreRequest() {
        simulator.revoke("provider");
        browser.visit(PAGE + "credential/vcfa-provider/");
        browser.click(browser.find("form[name='renew'] button"));
        browser.find(PANEL, "rejects the stored refresh token");
        ignoreBadRequests();
        browser.visit(PAGE + "credential/vcfa-provider/");
        browser.click(browser.find("form[name='retry'] label"));
        int before = simulator.requests();
        browser.click(browser.find("form[name='retry'] button"));
        browser.find(PANEL, "rejects the stored refresh token");
        assertThat(simulator.requests()).isEqualTo(before + 1);
        ignoreBadRequests();
    }

    @Test
    void forget_needsConfirmation() {
        browser.visit(PAGE + "credential/vcfa-old/");
        browser.click(browser.find("form[name='renew'] button"));
        browser.await("ready", driver -> shownStatus().equals("READY"));
        browser.click(browser.find("form[name='forget'] button"));
        assertThat(shownStatus()).as("without confirmation").isEqualTo("READY");
        browser.click(browser.find("form[name='forget'] label"));
        browser.click(browser.find("form[name='forget'] button"));
        browser.await("vcfa-old", driver -> shownStatus().equals("NOT_USED"));
    }

    @Test
    void expiryAndTlsMonitors_linkToCredential_andCanBeDismissed() {
        awaitMonitor("[data-monitor$='SecretExpiryMonitor']");
        assertThat(browser.find("[data-monitor$='SecretExpiryMonitor']").getText())
                .contains("csp-billing");
        awaitMonitor("[data-monitor$='TlsVerificationMonitor']");
        browser.click(browser.find("[data-monitor$='TlsVerificationMonitor'] li a", "csp-billing"));
        assertThat(browser.path()).isEqualTo(PAGE + "credential/csp-billing/");

        browser.visit("manage/");
        browser.click(browser.find("[data-monitor$='SecretExpiryMonitor'] form button", "Dismiss"));
        browser.await(
                "dismissed",
                driver -> browser.path().startsWith("manage")
                        && browser.findAll("[data-monitor$='SecretExpiryMonitor']")
                                .isEmpty());
        assertThat(browser.findAll("[data-monitor$='TlsVerificationMonitor']"))
                .as("the other monitor")
                .isNotEmpty();
    }

    @Test
    void folderOwner_seesAndRenewsTokensOfFolder() {
        browser.signIn(OWNER);
        browser.visit("job/" + FOLDER + "/");
        browser.click(browser.find("a[href$='/job/" + FOLDER + "/vcf-tokens']"));
        assertThat(browser.findAll("#vcf-tokens tbody tr")).hasSize(1);
        browser.click(browser.find(rowSelector("vcfa-team") + " a"));
        browser.click(browser.find("form[name='renew'] button"));
        browser.await("ready", driver -> shownStatus().equals("READY"));
        browser.signIn(ADMIN);
    }

    /** Runs the health checks and waits for the monitor on the Manage Jenkins page. */
    private static void awaitMonitor(String alert) {
        checkHealth();
        browser.await("an alert", driver -> {
            browser.visit("manage/");
            return !browser.findAll(alert).isEmpty();
        });
    }

    /** Failures are shown on pages with status 400, which the browser logs as an error. */
    private static void ignoreBadRequests() {
        browser.ignoreStatus(400);
    }

    private static String rowSelector(String id) {
        return "#vcf-tokens tr[data-credential='" + id + "']";
    }

    private static String listedStatus(String id) {
        return browser.find(rowSelector(id)).getDomAttribute("data-state");
    }

    private static String shownStatus() {
        return browser.find("#vcf-token").getDomAttribute("data-state");
    }

    private static VcfaServiceAccount account(String id) {
        return JenkinsAccount.of(
                simulator.url().toString(), simulator.authorityPem(), id, simulator.addAccount(id, "acme"));
    }
}
