package io.jenkins.plugins.vcftoken.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.model.Result;
import io.jenkins.plugins.vcftoken.DeviceFlowRegistry;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.time.Duration;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.WebElement;

/** The page of the device flow. */
class DeviceFlowBrowserJenkinsTest extends JenkinsBrowserTestBase {

    private static final String PANEL = "#main-panel";

    @BeforeAll
    static void setInterval() {
        simulator.devices().setInterval(Duration.ofSeconds(1));
    }

    @Test
    void authorize_storesTokenForJobs() throws Exception {
        String clientId = addAccount("new");
        browser.visit("manage/credentials/store/system/domain/_/credential/new/update");
        new JenkinsForm(browser, "form[name='update']")
                .assertValidation("refreshToken", "warning", "choose “Authorize”");
        assertThat(browser.findAll("form[name='update'] a").stream()
                        .filter(each -> each.getText().contains("Authorize")))
                .as("single link")
                .hasSize(1);
        browser.click(browser.find("a", "Authorize"));
        browser.find("#vcf-client-id").sendKeys(clientId);
        browser.assertAccessible(PANEL);
        String code = startFlow();
        browser.screenshot("device-authorization", PANEL);
        browser.assertAccessible(PANEL);
        String before = browser.find("#vcf-time-left").getText();
        browser.await(
                "the countdown",
                driver -> !browser.find("#vcf-time-left").getText().equals(before));

        browser.find("#vcf-authorization button", "Cancel").sendKeys("");
        simulator.devices().decide(code, true);
        browser.find("#vcf-authorization-message", "Done");
        assertThat(browser.findAll("#vcf-authorization").get(0).isDisplayed()).isFalse();
        browser.await(
                "the message has the focus",
                driver -> browser.find("#vcf-authorization-message")
                        .equals(driver.switchTo().activeElement()));
        browser.assertAccessible(PANEL);
        browser.click(browser.find("#vcf-authorization-done a"));
        assertThat(browser.path()).isEqualTo("manage/vcf-tokens/credential/new/");
        WorkflowJob job = jenkins.createProject(WorkflowJob.class, "first");
        job.setDefinition(new CpsFlowDefinition("withVcfToken(credentialsId: 'new') { echo VCF_URL }", true));
        jenkins.buildAndAssertStatus(Result.SUCCESS, job);
        assertThat(simulator.reuses()).isZero();
        assertThat(simulator.devices().earlyPolls()).isZero();
    }

    @Test
    void denyAndCancel_inNarrowWindowWithDarkTheme() throws Exception {
        String clientId = addAccount("denied");
        useDarkTheme();
        browser.useNarrowWindow();
        browser.visit(page("denied"));
        browser.find("#vcf-client-id").sendKeys(clientId);
        String code = startFlow();
        browser.assertFits(PANEL);
        browser.assertAccessible(PANEL);
        simulator.devices().decide(code, false);
        browser.find("#vcf-authorization-message", "denied");

        startFlow();
        cancelDeviceFlow();
        browser.find("#vcf-authorization-message", "Canceled");
        browser.await(
                "the message has the focus",
                driver -> browser.find("#vcf-authorization-message")
                        .equals(driver.switchTo().activeElement()));
        browser.assertFits(PANEL);
    }

    /** The page must not show the code of a former flow with the remaining time of another one. */
    @Test
    void flowOfAnotherUser_isNotShownAsOwn() throws Exception {
        String clientId = addAccount("two-tabs");
        browser.visit(page("two-tabs"));
        browser.find("#vcf-client-id").sendKeys(clientId);
        String code = startFlow();
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
        assertThat(browser.findAll("#vcf-user-code").get(0).isDisplayed()).isFalse();
        browser.click(browser.find("#vcf-authorization-unknown a", "Reload"));
        assertThat(browser.find("#vcf-user-code").getText()).isNotEqualTo(code);
        cancelDeviceFlow();
    }

    @Test
    void copyButton_confirmsCopy() throws Exception {
        String clientId = addAccount("copied");
        browser.allowClipboard();
        browser.visit(page("copied"));
        browser.find("#vcf-client-id").sendKeys(clientId);
        String code = startFlow();
        browser.click(browser.find("button.jenkins-copy-button"));
        browser.find("[role='status']", "Copied");
        assertThat(browser.executeScript("return navigator.clipboard.readText()"))
                .isEqualTo(code);
        browser.assertAccessible(PANEL);
        cancelDeviceFlow();
    }

    /** Browsers have no clipboard on pages over http, except of localhost. */
    @Test
    void insecureContext_clickSelectsCode() throws Exception {
        String clientId = addAccount("insecure");
        Runnable restore =
                browser.addInitScript("Object.defineProperty(window, 'isSecureContext', {get: () => false});");
        try {
            browser.visit(page("insecure"));
            browser.find("#vcf-client-id").sendKeys(clientId);
            String code = startFlow();
            browser.await(
                    "the copy button is hidden",
                    driver -> browser.findAll("button.jenkins-copy-button").stream()
                            .noneMatch(WebElement::isDisplayed));
            browser.click(browser.find("#vcf-user-code"));
            assertThat(browser.executeScript("return getSelection().toString().trim()"))
                    .isEqualTo(code);
            cancelDeviceFlow();
        } finally {
            restore.run();
        }
    }

    @Test
    void polling_stopsWhenStatusIsUnavailable() throws Exception {
        String clientId = addAccount("unknown");
        browser.visit(page("unknown"));
        browser.find("#vcf-client-id").sendKeys(clientId);
        String code = startFlow();
        mockResponses(502, "");
        browser.find("#vcf-authorization-message", "cannot be reached");
        browser.executeScript("fetch = realFetch");
        browser.signOut();
        browser.find("#vcf-authorization-message", "no longer available");
        assertThat(browser.findAll("#vcf-user-code").get(0).isDisplayed()).isFalse();
        browser.assertAccessible(PANEL);
        browser.ignoreStatus(403);

        browser.signIn(ADMIN);
        browser.visit(page("unknown"));
        assertThat(browser.find("#vcf-user-code").getText()).isEqualTo(code);
        // After a restart, Jenkins does not know the flow.
        mockResponses(
                200, "{\"data\": {\"running\": false, \"granted\": false, \"message\": \"\", \"secondsLeft\": 0}}");
        browser.click(browser.find("#vcf-authorization-unknown a", "Reload"));
        assertThat(browser.find("#vcf-user-code").getText()).isEqualTo(code);
        cancelDeviceFlow();
        browser.find("#vcf-authorization-message", "Canceled");
    }

    /** Replaces the responses of Jenkins in the page. */
    private static void mockResponses(int status, String body) {
        browser.executeScript("""
                const [status, body] = arguments;
                window.realFetch = fetch;
                fetch = () => Promise.resolve(new Response(body, {status}));
                """, status, body);
    }

    @Test
    void unknownClientId_showsError() throws Exception {
        addAccount("wrong");
        browser.visit(page("wrong"));
        browser.find("#vcf-client-id").sendKeys("unknown");
        browser.click(browser.find("form[name='start'] button"));
        browser.find("[role='alert']");
        browser.assertAccessible(PANEL);
    }

    /** @return the user code */
    private static String startFlow() {
        browser.click(browser.find("form[name='start'] button"));
        return browser.find("#vcf-user-code").getText();
    }

    private static String page(String id) {
        return "manage/vcf-tokens/credential/" + id + "/authorize/";
    }

    /** @return the client ID */
    private static String addAccount(String id) throws Exception {
        JenkinsAccount.add(simulator.url().toString(), simulator.authorityPem(), id, "");
        return simulator.devices().addAccount(id, "acme");
    }
}
