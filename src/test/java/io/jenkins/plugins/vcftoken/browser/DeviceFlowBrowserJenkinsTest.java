package io.jenkins.plugins.vcftoken.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.model.Result;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.DeviceFlowRegistry;
import io.jenkins.plugins.vcftoken.ExamplesJenkinsTest;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.time.Duration;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.WebElement;

/** The device flow in a browser: from a service account without a token until jobs can use it. */
class DeviceFlowBrowserJenkinsTest extends JenkinsInBrowser {

    private static final String PANEL = "#main-panel";

    @BeforeAll
    static void quick() {
        simulator.devices().setInterval(Duration.ofSeconds(1));
    }

    @Test
    void authorizedAndUsed() throws Exception {
        String clientId = account("new");
        browser.visit("manage/credentials/store/system/domain/_/credential/new/update");
        new JenkinsForm(browser, "form[name='update']").assertSays("refreshToken", "warning", "choose “Authorize”");
        assertThat(browser.all("form[name='update'] a").stream()
                        .filter(each -> each.getText().contains("Authorize")))
                .as("one way, not two")
                .hasSize(1);
        browser.click(browser.find("a", "Authorize"));
        browser.find("#vcf-client-id").sendKeys(clientId);
        browser.assertAccessible(PANEL);
        String code = ask();
        browser.picture("device-authorization", PANEL);
        browser.assertAccessible(PANEL);
        String before = browser.find("#vcf-time-left").getText();
        browser.await(
                "the countdown",
                here -> !browser.find("#vcf-time-left").getText().equals(before));

        browser.find("#vcf-authorization button", "Cancel").sendKeys("");
        simulator.devices().answer(code, true);
        browser.find("#vcf-authorization-message", "Done");
        assertThat(browser.all("#vcf-authorization").get(0).isDisplayed()).isFalse();
        browser.await(
                "the keyboard is where the news is",
                here -> browser.find("#vcf-authorization-message")
                        .equals(here.switchTo().activeElement()));
        browser.assertAccessible(PANEL);
        browser.click(browser.find("#vcf-authorization-done a"));
        assertThat(browser.path()).isEqualTo("manage/vcf-tokens/credential/new/");
        WorkflowJob job = jenkins.createProject(WorkflowJob.class, "first");
        job.setDefinition(new CpsFlowDefinition("withVcfToken(credentialsId: 'new') { echo VCF_URL }", true));
        jenkins.buildAndAssertStatus(Result.SUCCESS, job);
        assertThat(simulator.reuses()).isZero();
        assertThat(simulator.devices().hasty()).isZero();
    }

    @Test
    void deniedThenCanceledSmallAndDark() throws Exception {
        String clientId = account("denied");
        turnOffTheLight();
        browser.usePhone();
        browser.visit(page("denied"));
        browser.find("#vcf-client-id").sendKeys(clientId);
        String code = ask();
        browser.assertFits(PANEL);
        browser.assertAccessible(PANEL);
        simulator.devices().answer(code, false);
        browser.find("#vcf-authorization-message", "denied");

        ask();
        browser.click(browser.find("form[name='cancel'] button"));
        browser.find("#vcf-authorization-message", "Canceled");
        browser.await(
                "the keyboard is where the news is",
                here -> browser.find("#vcf-authorization-message")
                        .equals(here.switchTo().activeElement()));
        browser.assertFits(PANEL);
    }

    /** The page does not show the code of a former device flow beside the remaining time of another one. */
    @Test
    void anAttemptThatAnotherUserStartedIsNotTakenForTheOwn() throws Exception {
        String clientId = account("two-tabs");
        browser.visit(page("two-tabs"));
        browser.find("#vcf-client-id").sendKeys(clientId);
        String code = ask();
        VcfCredentials stored = SystemCredentialsProvider.getInstance().getCredentials().stream()
                .filter(known -> known instanceof VcfCredentials credential
                        && credential.getId().equals("two-tabs"))
                .map(VcfCredentials.class::cast)
                .findFirst()
                .orElseThrow();
        DeviceFlowRegistry.get()
                .find(new CredentialLocation("system", "two-tabs"))
                .cancel();
        DeviceFlowRegistry.get().start(stored, clientId, "another user");
        browser.find("#vcf-authorization-message", "no longer available");
        assertThat(browser.all("#vcf-user-code").get(0).isDisplayed()).isFalse();
        browser.click(browser.find("#vcf-authorization-unknown a", "Reload"));
        assertThat(browser.find("#vcf-user-code").getText()).isNotEqualTo(code);
        browser.click(browser.find("form[name='cancel'] button"));
    }

    @Test
    void aCopiedCodeIsSaidToBe() throws Exception {
        String clientId = account("copied");
        browser.allowClipboard();
        browser.visit(page("copied"));
        browser.find("#vcf-client-id").sendKeys(clientId);
        String code = ask();
        browser.click(browser.find("button.jenkins-copy-button"));
        browser.find("[role='status']", "Copied");
        assertThat(browser.run("return navigator.clipboard.readText()")).isEqualTo(code);
        browser.assertAccessible(PANEL);
        browser.click(browser.find("form[name='cancel'] button"));
    }

    /** As in pages over http from other hosts than localhost. */
    @Test
    void aCodeThatCannotBeCopiedIsEasilySelected() throws Exception {
        String clientId = account("insecure");
        Runnable secureAgain = browser.prepare("Object.defineProperty(window, 'isSecureContext', {get: () => false});");
        try {
            browser.visit(page("insecure"));
            browser.find("#vcf-client-id").sendKeys(clientId);
            String code = ask();
            browser.await(
                    "no button that does nothing",
                    here -> browser.all("button.jenkins-copy-button").stream().noneMatch(WebElement::isDisplayed));
            browser.click(browser.find("#vcf-user-code"));
            assertThat(browser.run("return getSelection().toString().trim()")).isEqualTo(code);
            browser.click(browser.find("form[name='cancel'] button"));
        } finally {
            secureAgain.run();
        }
    }

    @Test
    void asksNoMoreWhenItIsNotToldAnyMore() throws Exception {
        String clientId = account("unknown");
        browser.visit(page("unknown"));
        browser.find("#vcf-client-id").sendKeys(clientId);
        String code = ask();
        answer(502, "");
        browser.find("#vcf-authorization-message", "cannot be reached");
        browser.run("fetch = realFetch");
        browser.signOut();
        browser.find("#vcf-authorization-message", "no longer available");
        assertThat(browser.all("#vcf-user-code").get(0).isDisplayed()).isFalse();
        browser.assertAccessible(PANEL);
        browser.forgetAnswers(403);

        browser.signIn(ADMIN);
        browser.visit(page("unknown"));
        assertThat(browser.find("#vcf-user-code").getText()).isEqualTo(code);
        // A restart of Jenkins ends the attempt.
        answer(200, "{\"data\": {\"running\": false, \"granted\": false, \"message\": \"\", \"secondsLeft\": 0}}");
        browser.click(browser.find("#vcf-authorization-unknown a", "Reload"));
        assertThat(browser.find("#vcf-user-code").getText()).isEqualTo(code);
        browser.click(browser.find("form[name='cancel'] button"));
        browser.find("#vcf-authorization-message", "Canceled");
    }

    /** Replaces the responses of Jenkins. */
    private static void answer(int status, String body) {
        browser.run("""
                const [status, body] = arguments;
                window.realFetch = fetch;
                fetch = () => Promise.resolve(new Response(body, {status}));
                """, status, body);
    }

    @Test
    void aWrongIdIsSaid() throws Exception {
        account("wrong");
        browser.visit(page("wrong"));
        browser.find("#vcf-client-id").sendKeys("unknown");
        browser.click(browser.find("form[name='start'] button"));
        browser.find("[role='alert']");
        browser.assertAccessible(PANEL);
    }

    /** @return the code to look up on the server */
    private static String ask() {
        browser.click(browser.find("form[name='start'] button"));
        return browser.find("#vcf-user-code").getText();
    }

    private static String page(String id) {
        return "manage/vcf-tokens/credential/" + id + "/authorize/";
    }

    /** @return its client ID */
    private static String account(String id) throws Exception {
        VcfaServiceAccount account = new VcfaServiceAccount(
                CredentialsScope.GLOBAL, id, null, simulator.url().toString(), "acme", Secret.fromString(""));
        account.setCaCertificates(simulator.authorityPem());
        ExamplesJenkinsTest.store(account);
        return simulator.devices().addAccount(id, "acme");
    }
}
