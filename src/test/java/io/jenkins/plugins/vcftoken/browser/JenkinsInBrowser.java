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
 * One Jenkins, one simulator and one browser for all tests of a class, since all three take their time to start. An
 * administrator is signed in. After each test the browser must have nothing to complain about.
 */
@WithJenkins
@EnabledIf(
        value = "io.jenkins.plugins.vcftoken.browser.JenkinsBrowser#isHere",
        disabledReason =
                "needs a browser: chromium and chromedriver on the PATH (on Debian: apt-get install chromium-driver)")
abstract class JenkinsInBrowser {

    static final String ADMIN = "admin";

    /** May do everything within the folder. */
    static final String OWNER = "owner";

    static final String FOLDER = "team";

    static JenkinsRule jenkins;
    static Simulator simulator;
    static JenkinsBrowser browser;
    static Folder folder;

    @RegisterExtension
    static final TestExecutionExceptionHandler EVIDENCE = (context, failure) -> {
        browser.keepEvidence(context.getRequiredTestClass().getSimpleName() + "-"
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
        bringSymbols();
        ExtensionList.lookupSingleton(CspConfiguration.class).setEnforce(true);
        browser = new JenkinsBrowser(rule.getURL().toString());
        browser.signIn(ADMIN);
    }

    /** Jenkins finds its symbols through the class loader of its WAR, which there is none of in tests: all would be crosses. */
    private static void bringSymbols() throws IOException {
        Path from = Path.of(jenkins.jenkins.getServletContext().getRealPath("/WEB-INF/classes/images/symbols"));
        Path to = Files.createDirectories(Path.of("target", "test-classes", "images", "symbols"));
        try (DirectoryStream<Path> symbols = Files.newDirectoryStream(from, "*.svg")) {
            for (Path symbol : symbols) {
                Files.copy(symbol, to.resolve(symbol.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    @AfterAll
    static void stop() throws Exception {
        browser.close();
        simulator.close();
        jenkins.after();
    }

    @BeforeEach
    void byDaylightAtADesk() {
        ThemeManagerPageDecorator.get().setTheme(null);
        browser.putPhoneAway();
    }

    @AfterEach
    void nothingToComplainAbout() {
        browser.assertClean();
    }

    /** Has the watch look at all credentials now. */
    static void look() {
        ExtensionList.lookupSingleton(HealthMonitorWork.class).run();
    }

    /** Until the next test. Only for pages that are loaded from now on. */
    static void turnOffTheLight() {
        ThemeManagerPageDecorator.get().setTheme(new DarkThemeManagerFactory());
    }
}
