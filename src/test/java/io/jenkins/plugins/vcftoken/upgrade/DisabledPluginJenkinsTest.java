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

/** Disables and re-enables the plugin after tokens have rotated. */
class DisabledPluginJenkinsTest {

    @RegisterExtension
    private final RealJenkinsExtension controller =
            JenkinsProcess.withScriptedPipelines().withTimeout(0);

    @AutoClose
    private final Simulator simulator = Simulator.start();

    @BeforeEach
    void start() throws Exception {
        simulator.setLifetime(JenkinsAndSimulator.SHORT);
    }

    /** Covers a credentials store that is saved while the plugin is disabled, and one that is not. */
    @Test
    void rotatedTokens_afterPluginWasDisabled_areStillUsed() throws Throwable {
        String saved = simulator.addAccount("saved", "acme");
        String kept = simulator.addAccount("kept", "acme");
        controller.startJenkins();
        controller.runRemotely(
                DisabledPluginJenkinsTest::createJobs, simulator.url().toString(), simulator.authorityPem(), kept);
        controller.runRemotely(
                DisabledPluginJenkinsTest::addSystemCredential,
                simulator.url().toString(),
                simulator.authorityPem(),
                saved);
        controller.runRemotely(DisabledPluginJenkinsTest::build, "job");
        controller.runRemotely(DisabledPluginJenkinsTest::build, "folder/job");
        restart(false);

        // Jenkins starts without the plugin, reports the unreadable data, and leaves the files unchanged.
        assertThat(controller.runRemotely(DisabledPluginJenkinsTest::listUnreadableData))
                .contains("SystemCredentialsProvider", "Folder");
        assertThat(readFile("credentials.xml")).contains("<id>saved</id>");
        assertThat(readFile("jobs/folder/config.xml")).contains("<id>kept</id>");
        assertThat(listLedgerFiles()).hasSize(2);

        // If a store is saved anyway, Jenkins removes the unreadable credentials.
        controller.runRemotely(DisabledPluginJenkinsTest::addOtherCredential);
        assertThat(readFile("credentials.xml")).doesNotContain("<id>saved</id>");
        restart(true);
        String token = simulator.currentToken("kept");
        controller.runRemotely(DisabledPluginJenkinsTest::build, "folder/job");
        assertThat(simulator.currentToken("kept")).isNotEqualTo(token);

        token = simulator.currentToken("saved");
        // The ledger contains the newest token, and finds it by any token of the family.
        controller.runRemotely(
                DisabledPluginJenkinsTest::addSystemCredential,
                simulator.url().toString(),
                simulator.authorityPem(),
                saved);
        controller.runRemotely(DisabledPluginJenkinsTest::build, "job");
        controller.stopJenkins();
        assertThat(simulator.currentToken("saved")).isNotEqualTo(token);
        assertThat(simulator.reuses()).isZero();
        assertThat(simulator.maxRequestsPerSecret()).isEqualTo(1);
        assertThat(simulator.isRevoked("saved") || simulator.isRevoked("kept")).isFalse();
    }

    private void restart(boolean enabled) throws Throwable {
        controller.runRemotely(DisabledPluginJenkinsTest::setEnabled, enabled);
        controller.stopJenkins();
        controller.startJenkins();
        controller.runRemotely(DisabledPluginJenkinsTest::assertActive, enabled);
    }

    private String readFile(String name) throws Exception {
        return Files.readString(controller.getHome().toPath().resolve(name));
    }

    private List<Path> listLedgerFiles() throws Exception {
        try (Stream<Path> files = Files.list(controller.getHome().toPath().resolve("vcf-token"))) {
            return files.filter(file -> file.toString().endsWith(".json")).toList();
        }
    }

    private static PluginWrapper plugin(JenkinsRule rule) {
        return rule.jenkins.getPluginManager().getPlugin("vcf-token");
    }

    private static void setEnabled(JenkinsRule rule, Boolean enabled) throws Exception {
        if (enabled) {
            plugin(rule).enable();
        } else {
            plugin(rule).disable();
        }
    }

    private static void assertActive(JenkinsRule rule, Boolean enabled) {
        assertThat(plugin(rule).isActive()).isEqualTo(enabled);
    }

    private static void addSystemCredential(JenkinsRule rule, String url, String pem, String initialToken)
            throws Exception {
        JenkinsAccount.add(url, pem, "saved", initialToken);
    }

    private static void createJobs(JenkinsRule rule, String url, String pem, String initialToken) throws Exception {
        Folder folder = rule.createProject(Folder.class, "folder");
        JenkinsSampleCredentials.findStore(folder)
                .addCredentials(Domain.global(), JenkinsAccount.of(url, pem, "kept", initialToken));
        setScript(rule.createProject(WorkflowJob.class, "job"), "saved");
        setScript(folder.createProject(WorkflowJob.class, "job"), "kept");
    }

    private static void setScript(WorkflowJob job, String id) throws Exception {
        job.setDefinition(new CpsFlowDefinition("withVcfToken(credentialsId: '" + id + "') { echo VCF_URL }", true));
    }

    private static void build(JenkinsRule rule, String job) throws Exception {
        rule.buildAndAssertStatus(Result.SUCCESS, rule.jenkins.getItemByFullName(job, WorkflowJob.class));
    }

    private static String listUnreadableData(JenkinsRule rule) {
        assertThat(SystemCredentialsProvider.getInstance().getCredentials()).isEmpty();
        return rule.jenkins
                .getExtensionList(OldDataMonitor.class)
                .get(0)
                .getData()
                .keySet()
                .toString();
    }

    private static void addOtherCredential(JenkinsRule rule) throws Exception {
        JenkinsAccount.store(
                new StringCredentialsImpl(CredentialsScope.GLOBAL, "other", null, Secret.fromString("text")));
    }
}
