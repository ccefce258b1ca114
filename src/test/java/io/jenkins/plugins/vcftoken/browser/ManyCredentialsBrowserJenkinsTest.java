package io.jenkins.plugins.vcftoken.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.model.Result;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.credentials.CspApiToken;
import io.jenkins.plugins.vcftoken.credentials.SddcManagerUser;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The list and the status page on a controller with 63 credentials in different states. */
class ManyCredentialsBrowserJenkinsTest extends JenkinsBrowserTestBase {

    private static final String PAGE = "manage/vcf-tokens/";
    private static final String PANEL = "#main-panel";
    private static final String SHOWN = "#vcf-tokens tbody tr:not([hidden])";

    @BeforeAll
    static void accounts() throws Exception {
        List<Credentials> stored = SystemCredentialsProvider.getInstance().getCredentials();
        for (int i = 0; i < 55; i++) {
            stored.add(vcfa("vcfa-team-%02d".formatted(i), i % 3 == 0 ? "acme" : "acme-research-and-development"));
        }
        SddcManagerUser sddc = new SddcManagerUser(
                CredentialsScope.GLOBAL,
                "sddc-ci",
                "Commissioning",
                simulator.url().toString());
        sddc.setUsername("svc-jenkins@vsphere.local");
        sddc.setPassword(Secret.fromString("correct-horse"));
        sddc.setCaCertificates(simulator.authorityPem());
        simulator.sddcManager().addUser("svc-jenkins@vsphere.local", "correct-horse");
        stored.add(sddc);
        for (int i = 0; i < 3; i++) {
            VcfaServiceAccount revoked = vcfa("z-revoked-" + i, "acme");
            stored.add(revoked);
            simulator.revoke("z-revoked-" + i);
            requestAndFail(revoked);
        }
        VcfaServiceAccount unreachable = new VcfaServiceAccount(
                CredentialsScope.GLOBAL,
                "z-unreachable",
                null,
                "https://127.0.0.1:1",
                "acme",
                Secret.fromString("aB3dE5gH7jK9"));
        stored.add(unreachable);
        requestAndFail(unreachable);
        stored.add(new VcfaServiceAccount(
                CredentialsScope.GLOBAL,
                "z-not-authorized",
                null,
                simulator.url().toString(),
                "acme",
                Secret.fromString("")));
        simulator.cloudServices().addApiToken("ends", Instant.now().plus(Duration.ofDays(5)));
        CspApiToken expiring = new CspApiToken(
                CredentialsScope.GLOBAL, "z-expiring", null, simulator.url().toString(), Secret.fromString("ends"));
        expiring.setCaCertificates(simulator.authorityPem());
        stored.add(expiring);
        JenkinsAccount.store(vcfa("vcfa-ci", "acme"));
        WorkflowJob job = jenkins.createProject(WorkflowJob.class, "nightly");
        job.setDefinition(new CpsFlowDefinition(
                "withVcfToken(credentialsId: 'vcfa-ci') { echo VCF_URL }\n"
                        + "withVcfToken(credentialsId: 'sddc-ci') { echo VCF_URL }",
                true));
        jenkins.buildAndAssertStatus(Result.SUCCESS, job);
        checkHealth();
    }

    private static VcfaServiceAccount vcfa(String id, String organization) {
        VcfaServiceAccount account = new VcfaServiceAccount(
                CredentialsScope.GLOBAL,
                id,
                null,
                simulator.url().toString(),
                organization,
                Secret.fromString(simulator.addAccount(id, organization)));
        account.setCaCertificates(simulator.authorityPem());
        return account;
    }

    private static void requestAndFail(VcfaServiceAccount account) throws InterruptedException {
        try {
            VcfTokenService.get().issueWithoutLease(account);
        } catch (TokenUnavailableException expected) {
            // The page shows the error.
        }
    }

    @Test
    void list_startsWithCredentialsThatNeedAttention() {
        browser.visit(PAGE);
        List<String> states = new ArrayList<>();
        browser.findAll(SHOWN).forEach(row -> states.add(row.getDomAttribute("data-state")));
        assertThat(states).hasSize(63).startsWith("REJECTED", "REJECTED", "REJECTED", "FAILING");
        assertThat(browser.find("#vcf-tokens-totals").getText())
                .isEqualTo("63 credentials · 3 need attention · 1 failing · 1 expiring");
        assertThat(browser.find(rowSelector("sddc-ci")).getDomAttribute("data-state"))
                .isEqualTo("IDLE");
    }

    @Test
    void filter_showsTheRowsWithTheText() {
        browser.visit(PAGE);
        browser.find("#vcf-tokens-filter").sendKeys("Rejected");
        assertThat(browser.findAll(SHOWN)).hasSize(3);
        browser.find("#vcf-tokens-filter").sendKeys(" nothing has this");
        browser.find("#vcf-tokens-none", "No credential");
        assertThat(browser.findAll(SHOWN)).isEmpty();
    }

    @Test
    void statusPage_hasUseEventsAndASnippet() {
        browser.allowClipboard();
        browser.visit(PAGE + "credential/vcfa-ci/");
        assertThat(browser.find("#vcf-token-uses").getText()).contains("nightly #1");
        assertThat(browser.find("#vcf-token-events").getText()).contains("Access token issued");
        browser.click(browser.find(".vcf-token-snippet button"));
        browser.await(
                "copied",
                driver -> String.valueOf(browser.executeScript("return navigator.clipboard.readText()"))
                        .startsWith("withVcfToken(credentialsId: 'vcfa-ci')"));
    }

    @Test
    void renewal_isConfirmedAndOtherTabsFollow() throws Exception {
        browser.visit(PAGE + "credential/vcfa-team-07/");
        browser.executeScript("document.getElementById('vcf-token').dataset.refreshSeconds = 1");
        browser.click(browser.find("form[name='renew'] button"));
        browser.find("#notification-bar", "renewed");
        browser.visit(PAGE + "credential/vcfa-team-08/");
        browser.executeScript("document.getElementById('vcf-token').dataset.refreshSeconds");
        assertThat(browser.find("#vcf-token").getDomAttribute("data-state")).isEqualTo("NOT_USED");
    }

    @ParameterizedTest
    @CsvSource({"1200, false", "1200, true", "400, false", "400, true"})
    void pages_fitAndAreAccessible(int width, boolean dark) {
        if (dark) {
            useDarkTheme();
        }
        browser.useWindowWidth(width);
        String suffix = "-" + width + (dark ? "-dark" : "");
        for (String page : List.of("", "credential/vcfa-ci/", "credential/z-revoked-0/", "credential/z-unreachable/")) {
            browser.visit(PAGE + page);
            browser.find(page.isEmpty() ? "#vcf-tokens" : "#vcf-token");
            browser.screenshotPage("many" + page.replaceAll("\\W+", "-") + suffix);
            browser.assertFits(PANEL);
            browser.assertAccessible(PANEL);
        }
        if (width == 1200) {
            browser.visit(PAGE);
            assertThat(browser.executeScript("""
                            return [...document.querySelectorAll('#vcf-tokens tbody tr')]
                              .filter(row => row.getBoundingClientRect().height > 64)
                              .map(row => row.textContent)
                            """))
                    .as("rows with more than two lines")
                    .isEqualTo(List.of());
        }
    }

    private static String rowSelector(String id) {
        return "#vcf-tokens tr[data-credential='" + id + "']";
    }
}
