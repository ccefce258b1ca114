package io.jenkins.plugins.vcftoken.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.common.IdCredentials;
import com.cloudbees.plugins.credentials.domains.Domain;
import com.cloudbees.plugins.credentials.impl.UsernamePasswordCredentialsImpl;
import hudson.model.FreeStyleProject;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.ExamplesJenkinsTest;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.binding.TokenFileBinding;
import io.jenkins.plugins.vcftoken.binding.VcfTokenBuildWrapper;
import io.jenkins.plugins.vcftoken.credentials.SddcManagerUser;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.By;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.support.ui.Select;

/** The Pipeline syntax generators, and the form of a freestyle project. */
class JobFormsBrowserJenkinsTest extends JenkinsBrowserTestBase {

    private static final String TEAM_HOST = "sddc.team.example.com";
    private static final String OTHERS_HOST = "sddc.others.example.com";

    @BeforeAll
    static void credentials() throws Exception {
        ExamplesJenkinsTest.addAll(simulator);
        store(folder, user("team-sddc", TEAM_HOST));
        store(
                jenkins.createProject(com.cloudbees.hudson.plugins.folder.Folder.class, "others"),
                user("others-sddc", OTHERS_HOST));
        store(
                jenkins.jenkins,
                new UsernamePasswordCredentialsImpl(CredentialsScope.GLOBAL, "other-kind", null, "other-user", "x"));
    }

    @Test
    void snippetGenerator() {
        browser.visit("job/" + FOLDER + "/job/deploy/pipeline-syntax/");
        JenkinsForm form = step("withVcfToken");
        assertCredentialsOffered(form);
        form.select("credentialsId", TEAM_HOST).fill("tokenVariable", "not a name");
        form.assertValidation("tokenVariable", "error", "cannot be the name of an environment variable");
        form.fill("tokenVariable", "TOKEN");
        form.add("Add binding", "File with an HTTP header").fill("variable", "HEADER_FILE");
        assertThat(generated())
                .contains("withVcfToken(bindings: [headerFile('HEADER_FILE')], credentialsId: 'team-sddc'")
                .contains("tokenVariable: 'TOKEN'")
                .doesNotContain("urlVariable")
                .doesNotContain("minimumValidity");
        browser.screenshot("snippet-generator", "form[name='config']");
        browser.assertAccessible("form[name='config'] .dropdownList-container");
        browser.useNarrowWindow();
        browser.assertFits("form[name='config'] .dropdownList-container");
    }

    @Test
    void snippetGenerator_ofVcfTokenRefresh() {
        browser.visit("job/" + FOLDER + "/job/deploy/pipeline-syntax/");
        step("vcfTokenRefresh");
        assertThat(generated()).isEqualTo("vcfTokenRefresh()");
    }

    @Test
    void directiveGenerator() {
        browser.visit("job/" + FOLDER + "/job/deploy/directive-generator/");
        String config = "form[name='config']";
        new Select(browser.find(config + " select.dropdownList")).selectByContainsVisibleText("options:");
        browser.click(browser.find(config + " button.hetero-list-add"));
        browser.click(browser.find(".jenkins-dropdown__item", "withVcfToken"));
        JenkinsForm form = new JenkinsForm(browser, config);
        assertCredentialsOffered(form);
        form.select("credentialsId", TEAM_HOST);
        browser.click(browser.find(config + " button", "Generate Declarative Directive"));
        browser.await(
                "a directive",
                driver -> browser.findAll("textarea").stream()
                        .anyMatch(each ->
                                String.valueOf(each.getDomProperty("value")).contains("withVcfToken('team-sddc')")));
    }

    @Test
    void freestyle() throws Exception {
        FreeStyleProject project = folder.createProject(FreeStyleProject.class, "nightly");
        browser.visit(project.getUrl() + "configure");
        WebElement box = browser.await(
                "the wrapper",
                driver -> browser.findAll("label").stream()
                        .filter(each -> each.getText().contains("Use a VMware Cloud Foundation access token"))
                        .findFirst()
                        .orElse(null));
        browser.click(box);
        JenkinsForm form = new JenkinsForm(browser, "form[name='config']");
        assertCredentialsOffered(form);
        form.select("credentialsId", TEAM_HOST)
                .expand("More settings", "urlVariable")
                .fill("urlVariable", "VCF_TOKEN");
        form.assertValidation("tokenVariable", "error", "used more than once");
        form.fill("urlVariable", "").assertHelp("urlVariable");
        form.add("Add binding", "File with the token")
                .fill("variable", "TOKEN_FILE")
                .assertHelp("variable");
        form.press("Save");
        browser.await("saved", driver -> !browser.path().endsWith("configure"));
        VcfTokenBuildWrapper stored = project.getBuildWrappersList().get(VcfTokenBuildWrapper.class);
        assertThat(stored.getCredentialsId()).isEqualTo("team-sddc");
        assertThat(stored.getBindings())
                .usingRecursiveFieldByFieldElementComparator()
                .isEqualTo(List.of(new TokenFileBinding("TOKEN_FILE")));
    }

    @Test
    void credentialAddedInJobForm_isSelected() throws Exception {
        FreeStyleProject project = folder.createProject(FreeStyleProject.class, "on-the-way");
        browser.visit(project.getUrl() + "configure");
        browser.click(browser.find("label", "Use a VMware Cloud Foundation access token"));
        browser.click(browser.find(".credentials-add-menu"));
        browser.click(browser.find(".jenkins-dropdown__item", FOLDER));
        String dialog = "#credentials-dialog-form";
        new Select(browser.find(dialog + " select.dropdownList"))
                .selectByVisibleText("VMware VCF Automation or Cloud Director service account");
        JenkinsForm added = new JenkinsForm(browser, dialog);
        added.fill("url", "vcfa").assertValidation("url", "error", "Not a valid URL");
        added.fill("url", "https://added.example.com").fill("organization", "acme");
        added.fill("refreshToken", "abc def").assertValidation("refreshToken", "error", "white space");
        added.fill("refreshToken", "aB3dE5gH7jK9").fill("id", "added-on-the-way");
        browser.click(browser.find("dialog [data-id='ok']"));

        JenkinsForm form = new JenkinsForm(browser, "form[name='config']");
        form.select("credentialsId", "added.example.com").press("Save");
        browser.await("saved", driver -> !browser.path().endsWith("configure"));
        assertThat(project.getBuildWrappersList()
                        .get(VcfTokenBuildWrapper.class)
                        .getCredentialsId())
                .isEqualTo("added-on-the-way");
        assertThat(JenkinsAccount.findStore(folder).getCredentials(Domain.global()))
                .extracting(each -> ((IdCredentials) each).getId())
                .contains("added-on-the-way");
        browser.visit(project.getUrl() + "configure");
        browser.await(
                "selected",
                driver -> new Select(form.findField("credentialsId"))
                        .getFirstSelectedOption()
                        .getText()
                        .contains("added.example.com"));
    }

    /** The global credentials and those of the folder, of all kinds of the plugin. */
    private static void assertCredentialsOffered(JenkinsForm form) {
        browser.await("credentials", driver -> options(form).size() > 1);
        assertThat(options(form))
                .anyMatch(each -> each.contains(TEAM_HOST))
                .anyMatch(each -> each.contains("API token"))
                .anyMatch(each -> each.contains("acme"))
                .noneMatch(each -> each.contains(OTHERS_HOST) || each.contains("other-user"));
    }

    private static List<String> options(JenkinsForm form) {
        return new Select(form.findField("credentialsId"))
                .getOptions().stream().map(WebElement::getText).toList();
    }

    private static JenkinsForm step(String symbol) {
        Select steps = new Select(browser.find("form[name='config'] select.dropdownList"));
        steps.selectByContainsVisibleText(symbol + ":");
        JenkinsForm form = new JenkinsForm(browser, "form[name='config']");
        form.findField("credentialsId");
        return form;
    }

    private static String generated() {
        browser.click(browser.find("#generatePipelineScript"));
        return browser.await("a snippet", driver -> {
            String text = driver.findElement(By.id("prototypeText")).getDomProperty("value");
            return text == null || text.isBlank() ? null : text;
        });
    }

    private static void store(hudson.model.ModelObject owner, com.cloudbees.plugins.credentials.Credentials credential)
            throws Exception {
        JenkinsAccount.findStore(owner).addCredentials(Domain.global(), credential);
    }

    private static SddcManagerUser user(String id, String host) {
        SddcManagerUser user = new SddcManagerUser(null, id, null, "https://" + host);
        user.setUsername(ExamplesJenkinsTest.SDDC_USER);
        user.setPassword(Secret.fromString(ExamplesJenkinsTest.SDDC_PASSWORD));
        return user;
    }
}
