package io.jenkins.plugins.vcftoken.browser;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.ExamplesJenkinsTest;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openqa.selenium.support.ui.Select;

/** The forms of the credential kinds. */
class CredentialFormsBrowserJenkinsTest extends JenkinsBrowserTestBase {

    private static final String SYSTEM = "manage/credentials/store/system/domain/_/";
    private static final String IN_FOLDER = "job/" + FOLDER + "/credentials/store/folder/domain/_/";
    private static final String FORM = "form[name='newCredentials']";

    private static final String VCFA = "VMware VCF Automation or Cloud Director service account";
    private static final String SDDC = "VMware SDDC Manager user";
    private static final String CSP_TOKEN = "VMware Cloud Services API token";
    private static final String SSO = "VMware VCF SSO API token";
    private static final String OPERATIONS = "VMware VCF Operations user";
    private static final String CSP_APP = "VMware Cloud Services OAuth app";

    /** Has the form of an access token. */
    private static final String JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.";

    @ParameterizedTest
    @CsvSource({
        SYSTEM + "," + VCFA,
        SYSTEM + "," + SDDC,
        SYSTEM + "," + CSP_TOKEN,
        SYSTEM + "," + CSP_APP,
        IN_FOLDER + "," + VCFA,
        IN_FOLDER + "," + SDDC,
        IN_FOLDER + "," + CSP_TOKEN,
        IN_FOLDER + "," + CSP_APP
    })
    void create_addsCredential(String store, String kind) {
        String id = "created-" + Math.abs(kind.hashCode());
        JenkinsForm form = openForm(store, kind);
        requiredFields(kind).forEach(form::fill);
        form.fill("url", "https://server.example.com").fill("id", id).press("Create");
        assertThat(browser.find(".credentials-card", id).getText()).contains("server.example.com");
    }

    @ParameterizedTest
    @ValueSource(strings = {VCFA, SDDC, CSP_TOKEN, CSP_APP, SSO, OPERATIONS})
    void untouchedForm_showsNoValidationMessages(String kind) {
        JenkinsForm form = openForm(SYSTEM, kind);
        browser.await(
                "all fields are checked",
                driver ->
                        browser.findAll(FORM + " .vcf-untouched .error, " + FORM + " .vcf-untouched .warning").stream()
                                .findAny()
                                .isPresent());
        assertThat(browser.findAll(
                        FORM + " .validation-error-area .error, " + FORM + " .validation-error-area .warning"))
                .noneMatch(org.openqa.selenium.WebElement::isDisplayed);
        form.fill("url", "x").fill("url", "").assertValidation("url", "error", "Enter the server URL");
    }

    @Test
    void credentialPage_linksToTokenStatus() {
        JenkinsForm form = openForm(SYSTEM, SDDC);
        form.fill("url", "https://sddc.example.com")
                .fill("username", "svc@vsphere.local")
                .fill("id", "with-task")
                .press("Create");
        browser.find(".credentials-card", "with-task");
        browser.visit(SYSTEM + "credential/with-task/");
        browser.click(browser.find("#tasks a", "Token status"));
        assertThat(browser.path()).isEqualTo("manage/vcf-tokens/credential/with-task/");
    }

    @Test
    void vcfAutomation_fieldsAreValidated() {
        JenkinsForm form = openForm(SYSTEM, VCFA);
        assertUrlValidation(form);
        form.fill("url", "https://10.0.0.1").assertValidation("url", "warning", "not to an IP address");
        form.fill("organization", " ").assertValidation("organization", "error", "Enter the organization's name");
        form.fill("organization", "0b6e0a3e-94c1-4b0c-8d1f-6a5c1e0f7a11")
                .assertValidation("organization", "warning", "looks like an ID");
        form.fill("organization", "someone@example.com").assertValidation("organization", "warning", "e-mail address");
        assertTokenValidation(form, "refreshToken");
        assertTlsValidation(form);
    }

    @Test
    void sddcManager_fieldsAreValidated() {
        JenkinsForm form = openForm(SYSTEM, SDDC);
        assertUrlValidation(form);
        form.fill("username", "svc-jenkins").assertValidation("username", "warning", "domain");
        form.fill("username", "").assertValidation("username", "error", "or an API key");
        assertTokenValidation(form, "apiKey");
        assertTlsValidation(form);
    }

    @Test
    void cspApiToken_fieldsAreValidated() {
        JenkinsForm form = openForm(SYSTEM, CSP_TOKEN);
        assertUrlValidation(form);
        assertTokenValidation(form, "apiToken");
        assertTlsValidation(form);
    }

    @Test
    void cspOAuthApp_fieldsAreValidated() {
        JenkinsForm form = openForm(SYSTEM, CSP_APP);
        assertUrlValidation(form);
        form.fill("appId", "id:secret").assertValidation("appId", "error", "no colon");
        form.fill("organizationId", "acme").assertValidation("organizationId", "warning", "does not look like an ID");
        assertTlsValidation(form);
    }

    private static void assertUrlValidation(JenkinsForm form) {
        form.fill("url", "vcfa").assertValidation("url", "error", "Not a valid URL");
        form.fill("url", "http://vcfa.example.com").assertValidation("url", "error", "Use https");
        form.fill("url", "https://vcfa.example.com/login").assertValidation("url", "error", "/login");
    }

    private static void assertTokenValidation(JenkinsForm form, String field) {
        form.fill(field, JWT).assertValidation(field, "error", "This is an access token");
        form.fill(field, "abc def").assertValidation(field, "error", "white space");
    }

    private static void assertTlsValidation(JenkinsForm form) {
        form.expand("Connection security", "caCertificates");
        form.paste("caCertificates", "rubbish").assertValidation("caCertificates", "error", "No certificate");
        form.paste("caCertificates", simulator.authorityPem())
                .assertValidation("caCertificates", "ok", "One certificate found");
        form.check("skipTlsVerification").assertValidation("skipTlsVerification", "warning", "take over the account");
    }

    @ParameterizedTest
    @ValueSource(strings = {VCFA, SDDC, CSP_TOKEN, CSP_APP})
    void form_isAccessible_andFitsNarrowWindow(String kind) {
        browser.useNarrowWindow();
        openForm(SYSTEM, kind)
                .expand("Connection security", "caCertificates")
                .assertHelp("url")
                .assertHelp("caCertificates");
        browser.assertFits(FORM);
        browser.useDesktopWindow();
        browser.assertAccessible(FORM);
        useDarkTheme();
        openForm(SYSTEM, kind)
                .expand("Connection security", "caCertificates")
                .check("skipTlsVerification")
                .assertValidation("skipTlsVerification", "warning", "");
        assertThat(browser.executeScript("return document.documentElement.dataset.theme"))
                .isEqualTo("dark");
        browser.assertAccessible(FORM);
    }

    @Test
    void testConnection_ofSavedAccount_succeeds() {
        String initialToken = simulator.addAccount("ci", "acme");
        JenkinsForm form = openForm(IN_FOLDER, VCFA);
        form.fill("url", simulator.url().toString())
                .fill("organization", "acme")
                .fill("refreshToken", initialToken)
                .expand("Connection security", "caCertificates")
                .paste("caCertificates", simulator.authorityPem());
        assertThat(browser.find(FORM).getText())
                .contains("Create the credential, then open it to test the connection")
                .doesNotContain("Test connection");
        assertThat(simulator.requests()).isZero();
        form.fill("id", "tested").press("Create");
        browser.find(".credentials-card", "tested");

        browser.signIn(OWNER);
        browser.visit(IN_FOLDER + "credential/tested/update");
        new JenkinsForm(browser, "form[name='update']").press("Test connection");
        browser.find(".jenkins-validate-button__container__status", "Success");
        assertThat(simulator.grants()).isEqualTo(1);
        browser.signIn(ADMIN);
    }

    @ParameterizedTest
    @CsvSource({
        "form-vcf-automation, https://vcfa.example.com, vcfa," + VCFA,
        "form-sddc-manager, https://sddc-manager.example.com, sddc-manager," + SDDC,
        "form-api-token, https://console.tanzu.broadcom.com, csp-token," + CSP_TOKEN,
        "form-oauth-app, https://console.tanzu.broadcom.com, csp-app," + CSP_APP
    })
    @EnabledIfSystemProperty(named = "screenshots", matches = "true")
    void screenshots(String name, String url, String id, String kind) {
        JenkinsForm form = openForm(SYSTEM, kind);
        requiredFields(kind).forEach(form::fill);
        form.fill("url", url).fill("id", id);
        browser.screenshot(name, FORM);
    }

    private static JenkinsForm openForm(String store, String kind) {
        browser.visit(store + "newCredentials");
        new Select(browser.find(FORM + " select.dropdownList")).selectByVisibleText(kind);
        JenkinsForm form = new JenkinsForm(browser, FORM);
        form.findField("url");
        return form;
    }

    private static Map<String, String> requiredFields(String kind) {
        return switch (kind) {
            case VCFA -> Map.of("organization", "acme", "refreshToken", "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cE1fG");
            case SDDC -> Map.of("username", "svc-jenkins@vsphere.local", "password", "Correct-Horse-1");
            case CSP_TOKEN -> Map.of("apiToken", ExamplesJenkinsTest.API_TOKEN);
            default -> Map.of("appId", "app-of-ci", "appSecret", ExamplesJenkinsTest.APP_SECRET);
        };
    }
}
