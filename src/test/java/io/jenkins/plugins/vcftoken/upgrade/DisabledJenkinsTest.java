package io.jenkins.plugins.vcftoken.upgrade;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.PluginWrapper;
import hudson.diagnosis.OldDataMonitor;
import hudson.model.Result;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.JenkinsProcess;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.RealJenkinsExtension;

/** A controller on which the plugin is switched off for a while, after its tokens have rotated. */
class DisabledJenkinsTest {

    @RegisterExtension
    private final RealJenkinsExtension controller =
            JenkinsProcess.withScriptedPipelines().withTimeout(0);

    @AutoClose
    private final Simulator simulator = Simulator.start();

    @BeforeEach
    void start() throws Exception {
        simulator.setLifetime(JenkinsAndSimulator.SHORT);
    }

    /** Two accounts: of one the store is saved while it cannot be read, of the other it is not. */
    @Test
    void nothingIsLost() throws Throwable {
        String saved = simulator.addAccount("saved", "acme");
        String kept = simulator.addAccount("kept", "acme");
        controller.startJenkins();
        controller.runRemotely(DisabledJenkinsTest::setUp, simulator.url().toString(), simulator.authorityPem(), kept);
        controller.runRemotely(
                DisabledJenkinsTest::addSaved, simulator.url().toString(), simulator.authorityPem(), saved);
        controller.runRemotely(DisabledJenkinsTest::build, "job");
        controller.runRemotely(DisabledJenkinsTest::build, "folder/job");
        restart(false);

        // Jenkins starts without it, says so, and leaves alone what it cannot read.
        assertThat(controller.runRemotely(DisabledJenkinsTest::whatIsUnreadable))
                .contains("SystemCredentialsProvider", "Folder");
        assertThat(file("credentials.xml")).contains("<id>saved</id>");
        assertThat(file("jobs/folder/config.xml")).contains("<id>kept</id>");
        assertThat(ledger()).hasSize(2);

        // A person saves a store all the same, and Jenkins drops what it could not read.
        controller.runRemotely(DisabledJenkinsTest::addAnother);
        assertThat(file("credentials.xml")).doesNotContain("<id>saved</id>");
        restart(true);
        String token = simulator.currentToken("kept");
        controller.runRemotely(DisabledJenkinsTest::build, "folder/job");
        assertThat(simulator.currentToken("kept")).isNotEqualTo(token);

        token = simulator.currentToken("saved");
        // The ledger has the newest token, and a credential with any token of its family leads to it.
        controller.runRemotely(
                DisabledJenkinsTest::addSaved, simulator.url().toString(), simulator.authorityPem(), saved);
        controller.runRemotely(DisabledJenkinsTest::build, "job");
        controller.stopJenkins();
        assertThat(simulator.currentToken("saved")).isNotEqualTo(token);
        assertThat(simulator.reuses()).isZero();
        assertThat(simulator.mostReceived()).isEqualTo(1);
        assertThat(simulator.isRevoked("saved") || simulator.isRevoked("kept")).isFalse();
    }

    private void restart(boolean enabled) throws Throwable {
        controller.runRemotely(DisabledJenkinsTest::set, enabled);
        controller.stopJenkins();
        controller.startJenkins();
        controller.runRemotely(DisabledJenkinsTest::check, enabled);
    }

    private String file(String name) throws Exception {
        return Files.readString(controller.getHome().toPath().resolve(name));
    }

    private List<Path> ledger() throws Exception {
        try (Stream<Path> files = Files.list(controller.getHome().toPath().resolve("vcf-token"))) {
            return files.filter(file -> file.toString().endsWith(".json")).toList();
        }
    }

    private static PluginWrapper plugin(JenkinsRule rule) {
        return rule.jenkins.getPluginManager().getPlugin("vcf-token");
    }

    private static void set(JenkinsRule rule, Boolean enabled) throws Exception {
        if (enabled) {
            plugin(rule).enable();
        } else {
            plugin(rule).disable();
        }
    }

    private static void check(JenkinsRule rule, Boolean enabled) {
        assertThat(plugin(rule).isActive()).isEqualTo(enabled);
    }

    private static void addSaved(JenkinsRule rule, String url, String pem, String initialToken) throws Exception {
        JenkinsAccount.add(url, pem, "saved", initialToken);
    }

    private static void setUp(JenkinsRule rule, String url, String pem, String initialToken) throws Exception {
        Folder folder = rule.createProject(Folder.class, "folder");
        JenkinsStores.of(folder).addCredentials(Domain.global(), JenkinsAccount.of(url, pem, "kept", initialToken));
        use(rule.createProject(WorkflowJob.class, "job"), "saved");
        use(folder.createProject(WorkflowJob.class, "job"), "kept");
    }

    private static void use(WorkflowJob job, String id) throws Exception {
        job.setDefinition(new CpsFlowDefinition("withVcfToken(credentialsId: '" + id + "') { echo VCF_URL }", true));
    }

    private static void build(JenkinsRule rule, String job) throws Exception {
        rule.buildAndAssertStatus(Result.SUCCESS, rule.jenkins.getItemByFullName(job, WorkflowJob.class));
    }

    private static String whatIsUnreadable(JenkinsRule rule) {
        assertThat(SystemCredentialsProvider.getInstance().getCredentials()).isEmpty();
        return rule.jenkins
                .getExtensionList(OldDataMonitor.class)
                .get(0)
                .getData()
                .keySet()
                .toString();
    }

    private static void addAnother(JenkinsRule rule) throws Exception {
        JenkinsAccount.store(
                new StringCredentialsImpl(CredentialsScope.GLOBAL, "other", null, Secret.fromString("text")));
    }
}
