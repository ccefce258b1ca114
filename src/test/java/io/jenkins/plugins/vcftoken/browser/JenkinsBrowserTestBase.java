package io.jenkins.plugins.vcftoken.browser;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import hudson.ExtensionList;
import hudson.model.Item;
import io.jenkins.plugins.darktheme.DarkThemeManagerFactory;
import io.jenkins.plugins.thememanager.ThemeManagerPageDecorator;
import io.jenkins.plugins.vcftoken.health.HealthMonitorWork;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import jenkins.model.Jenkins;
import jenkins.security.csp.impl.CspConfiguration;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.MockAuthorizationStrategy;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/**
 * Base class of browser tests. The tests of a class share Jenkins, simulator and browser, which are slow to start; an
 * administrator is signed in. Console errors fail a test.
 */
@WithJenkins
@EnabledIf(
        value = "io.jenkins.plugins.vcftoken.browser.JenkinsBrowser#isInstalled",
        disabledReason =
                "needs a browser: chromium and chromedriver on the PATH (on Debian: apt-get install chromium-driver)")
abstract class JenkinsBrowserTestBase {

    static final String ADMIN = "admin";

    /** User with all permissions in the folder. */
    static final String OWNER = "owner";

    static final String FOLDER = "team";

    static JenkinsRule jenkins;
    static Simulator simulator;
    static JenkinsBrowser browser;
    static Folder folder;

    @RegisterExtension
    static final TestExecutionExceptionHandler SCREENSHOT_ON_FAILURE = (context, failure) -> {
        browser.screenshotFailure(context.getRequiredTestClass().getSimpleName() + "-"
                + context.getDisplayName().replaceAll("\\W+", "-"));
        throw failure;
    };

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        simulator = Simulator.start();
        folder = rule.createProject(Folder.class, FOLDER);
        folder.createProject(WorkflowJob.class, "deploy");
        rule.jenkins.setSecurityRealm(rule.createDummySecurityRealm());
        rule.jenkins.setAuthorizationStrategy(new MockAuthorizationStrategy()
                .grant(Jenkins.ADMINISTER)
                .everywhere()
                .to(ADMIN)
                .grant(Jenkins.READ)
                .everywhere()
                .to(OWNER)
                .grant(
                        Item.READ,
                        Item.CONFIGURE,
                        CredentialsProvider.VIEW,
                        CredentialsProvider.CREATE,
                        CredentialsProvider.UPDATE,
                        CredentialsProvider.DELETE)
                .onItems(folder)
                .to(OWNER));
        copySymbols();
        ExtensionList.lookupSingleton(CspConfiguration.class).setEnforce(true);
        browser = new JenkinsBrowser(rule.getURL().toString());
        browser.signIn(ADMIN);
    }

    /** Jenkins loads symbols with the class loader of its WAR, which does not exist in tests. */
    private static void copySymbols() throws IOException {
        Path from = Path.of(jenkins.jenkins.getServletContext().getRealPath("/WEB-INF/classes/images/symbols"));
        Path to = Files.createDirectories(Path.of("target", "test-classes", "images", "symbols"));
        try (DirectoryStream<Path> symbols = Files.newDirectoryStream(from, "*.svg")) {
            for (Path symbol : symbols) {
                Files.copy(symbol, to.resolve(symbol.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    /** Waits for the reloaded page, since its redirect could replace the page that a test visits next. */
    static void cancelDeviceFlow() {
        browser.click(browser.find("form[name='cancel'] button"));
        browser.await("canceled", driver -> browser.findAll("#vcf-user-code").isEmpty());
    }

    @AfterAll
    static void stop() throws Exception {
        browser.close();
        simulator.close();
        jenkins.after();
    }

    @BeforeEach
    void resetThemeAndWindow() {
        ThemeManagerPageDecorator.get().setTheme(null);
        browser.useDesktopWindow();
    }

    @AfterEach
    void assertNoBrowserErrors() {
        browser.assertNoErrors();
    }

    static void checkHealth() {
        ExtensionList.lookupSingleton(HealthMonitorWork.class).run();
    }

    /** Applies to the next pages that are loaded in this test. */
    static void useDarkTheme() {
        ThemeManagerPageDecorator.get().setTheme(new DarkThemeManagerFactory());
    }
}
