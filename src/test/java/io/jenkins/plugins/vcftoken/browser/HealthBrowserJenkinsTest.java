package io.jenkins.plugins.vcftoken.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsScope;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.ExamplesJenkinsTest;
import io.jenkins.plugins.vcftoken.credentials.CspApiToken;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import java.time.Duration;
import java.time.Instant;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What administrators and owners of folders see of tokens, and what they can do about them. */
class HealthBrowserJenkinsTest extends JenkinsInBrowser {

    private static final String PAGE = "manage/vcf-tokens/";
    private static final String LIST = "#main-panel";

    @BeforeAll
    static void accounts() throws Exception {
        ExamplesJenkinsTest.addAll(simulator);
        for (String id : new String[] {"vcfa-prod", "vcfa-lab", "vcfa-old"}) {
            ExamplesJenkinsTest.store(account(id));
        }
        JobFormsBrowserJenkinsTest.store(folder, account("vcfa-team"));
        simulator.cloudServices().addApiToken("ends", Instant.now().plus(Duration.ofDays(5)));
        CspApiToken ends = new CspApiToken(
                CredentialsScope.GLOBAL, "csp-billing", null, simulator.url().toString(), Secret.fromString("ends"));
        ends.setSkipTlsVerification(true);
        ExamplesJenkinsTest.store(ends);
    }

    @Test
    void eachTokenAndWhoUsesIt() throws Exception {
        WorkflowJob job = jenkins.createProject(WorkflowJob.class, "deploy");
        job.setDefinition(new CpsFlowDefinition("withVcfToken(credentialsId: 'vcfa') { sleep 600 }", true));
        WorkflowRun run = job.scheduleBuild2(0).waitForStart();
        jenkins.waitForMessage("Sleeping", run);

        browser.visit("manage/");
        browser.click(browser.find("a[href$='vcf-tokens']"));
        assertThat(state("vcfa")).isEqualTo("READY");
        assertThat(state("sddc-manager")).isEqualTo("NOT_USED");
        assertThat(browser.find(row("vcfa-team")).getText()).contains(FOLDER);
        browser.picture("health", LIST);
        browser.assertAccessible(LIST);

        browser.click(browser.find(row("vcfa") + " a"));
        browser.picture("health-token", LIST);
        browser.assertAccessible(LIST);
        assertThat(browser.find("#vcf-token a[href*='/job/deploy/']").getText()).contains("deploy");
        browser.click(browser.find("#vcf-token a[href*='/job/deploy/']"));
        assertThat(browser.path()).startsWith("job/deploy/");

        run.doKill();
        jenkins.waitForCompletion(run);
    }

    @Test
    void smallAndDark() {
        turnOffTheLight();
        browser.visit(PAGE);
        browser.assertAccessible(LIST);
        browser.usePhone();
        browser.visit(PAGE);
        browser.assertFitsBut(LIST, "#none");
        browser.visit(PAGE + "credential/vcfa-prod/");
        browser.assertFitsBut(LIST, "#none");
        browser.assertAccessible(LIST);
    }

    @Test
    void renewed() {
        int before = simulator.rotations();
        browser.visit(PAGE + "credential/vcfa-prod/");
        browser.click(browser.find("form[name='renew'] button"));
        browser.await("ready", here -> shown().equals("READY"));
        assertThat(simulator.rotations()).isEqualTo(before + 1);
    }

    @Test
    void refusedFoundByTheMonitorAndPutRight() {
        simulator.revoke("vcfa-lab");
        browser.visit(PAGE + "credential/vcfa-lab/");
        browser.click(browser.find("form[name='renew'] button"));
        browser.find(LIST, "refuses the stored refresh token");
        ignoreTheStatusOfFailures();

        String alert = "[data-monitor$='TokenErrorMonitor']";
        look(alert);
        browser.picture("monitor", alert);
        browser.assertAccessible(alert);
        browser.click(browser.find(alert + " li a", "vcfa-lab"));
        assertThat(browser.path()).isEqualTo(PAGE + "credential/vcfa-lab/");
        assertThat(shown()).isEqualTo("REJECTED");
        browser.assertAccessible(LIST);

        String fresh = simulator.reauthorize("vcfa-lab");
        browser.visit("manage/credentials/store/system/domain/_/credential/vcfa-lab/update");
        JenkinsForm form = new JenkinsForm(browser, "form[name='update']");
        form.press("Change Password");
        form.fill("refreshToken", fresh).press("Save");
        browser.await("saved", here -> !browser.path().endsWith("update"));
        browser.visit(PAGE + "credential/vcfa-lab/");
        browser.click(browser.find("form[name='renew'] button"));
        browser.await("ready", here -> shown().equals("READY"));
        assertThat(simulator.currentToken("vcfa-lab")).isNotEqualTo(fresh);
    }

    @Test
    void triedOnceMore() {
        simulator.revoke("provider");
        browser.visit(PAGE + "credential/vcfa-provider/");
        browser.click(browser.find("form[name='renew'] button"));
        browser.find(LIST, "refuses the stored refresh token");
        ignoreTheStatusOfFailures();
        browser.visit(PAGE + "credential/vcfa-provider/");
        browser.click(browser.find("form[name='retry'] label"));
        int before = simulator.requests();
        browser.click(browser.find("form[name='retry'] button"));
        browser.find(LIST, "refuses the stored refresh token");
        assertThat(simulator.requests()).isEqualTo(before + 1);
        ignoreTheStatusOfFailures();
    }

    @Test
    void forgotten() {
        browser.visit(PAGE + "credential/vcfa-old/");
        browser.click(browser.find("form[name='renew'] button"));
        browser.await("ready", here -> shown().equals("READY"));
        browser.click(browser.find("form[name='forget'] button"));
        assertThat(shown()).as("nothing goes without a tick").isEqualTo("READY");
        browser.click(browser.find("form[name='forget'] label"));
        browser.click(browser.find("form[name='forget'] button"));
        browser.await("vcfa-old", here -> shown().equals("NOT_USED"));
    }

    @Test
    void theOtherMonitors() {
        look("[data-monitor$='SecretExpiryMonitor']");
        assertThat(browser.find("[data-monitor$='SecretExpiryMonitor']").getText())
                .contains("csp-billing");
        look("[data-monitor$='TlsVerificationMonitor']");
        browser.click(browser.find("[data-monitor$='TlsVerificationMonitor'] li a", "csp-billing"));
        assertThat(browser.path()).isEqualTo(PAGE + "credential/csp-billing/");

        browser.visit("manage/");
        browser.click(browser.find("[data-monitor$='SecretExpiryMonitor'] form button", "Dismiss"));
        browser.await(
                "dismissed",
                here -> browser.path().startsWith("manage")
                        && browser.all("[data-monitor$='SecretExpiryMonitor']").isEmpty());
        assertThat(browser.all("[data-monitor$='TlsVerificationMonitor']"))
                .as("the other one")
                .isNotEmpty();
    }

    @Test
    void ownersSeeTheirFolders() {
        browser.signIn(OWNER);
        browser.visit("job/" + FOLDER + "/");
        browser.click(browser.find("a[href$='/job/" + FOLDER + "/vcf-tokens']"));
        assertThat(browser.all("#vcf-tokens tbody tr")).hasSize(1);
        browser.click(browser.find(row("vcfa-team") + " a"));
        browser.click(browser.find("form[name='renew'] button"));
        browser.await("ready", here -> shown().equals("READY"));
        browser.signIn(ADMIN);
    }

    /** Has the watch look, and waits for what it says on the page that administrators open. */
    private static void look(String alert) {
        look();
        browser.await("an alert", here -> {
            browser.visit("manage/");
            return !browser.all(alert).isEmpty();
        });
    }

    /** Jenkins answers a failure that a person is told of with 400, which the browser notes on its console. */
    private static void ignoreTheStatusOfFailures() {
        browser.forgetAnswers(400);
    }

    private static String row(String id) {
        return "#vcf-tokens tr[data-credential='" + id + "']";
    }

    private static String state(String id) {
        return browser.find(row(id)).getDomAttribute("data-state");
    }

    private static String shown() {
        return browser.find("#vcf-token").getDomAttribute("data-state");
    }

    private static VcfaServiceAccount account(String id) {
        VcfaServiceAccount account = new VcfaServiceAccount(
                CredentialsScope.GLOBAL,
                id,
                null,
                simulator.url().toString(),
                "acme",
                Secret.fromString(simulator.addAccount(id, "acme")));
        account.setCaCertificates(simulator.authorityPem());
        return account;
    }
}
