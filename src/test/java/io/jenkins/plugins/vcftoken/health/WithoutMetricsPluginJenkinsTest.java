package io.jenkins.plugins.vcftoken.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import jenkins.model.Jenkins;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.RealJenkinsExtension;

/** Jenkins without the optional Metrics plugin, and without Support Core, which depends on it. */
class WithoutMetricsPluginJenkinsTest {

    @RegisterExtension
    private final RealJenkinsExtension controller = new RealJenkinsExtension().omitPlugins("metrics", "support-core");

    @Test
    void build_withoutTheMetricsPlugin_succeedsAndLogsNoWarning() throws Throwable {
        try (Simulator simulator = Simulator.start()) {
            String initialToken = simulator.addAccount("ci", "acme");
            controller.startJenkins();
            controller.runRemotely(
                    WithoutMetricsPluginJenkinsTest::build,
                    simulator.url().toString(),
                    simulator.authorityPem(),
                    initialToken);
            assertThat(simulator.grants()).isEqualTo(1);
        }
    }

    private static void build(JenkinsRule jenkins, String url, String authority, String initialToken) throws Exception {
        assertThat(jenkins.jenkins.getPlugin("metrics")).isNull();
        assertThat(jenkins.jenkins.getPlugin("vcf-token")).isNotNull();
        assertThat(jenkins.jenkins.getPluginManager().getFailedPlugins()).isEmpty();
        JenkinsAccount.add(url, authority, "sa", initialToken);
        WorkflowJob job = jenkins.createProject(WorkflowJob.class, "job");
        job.setDefinition(new CpsFlowDefinition("withVcfToken(credentialsId: 'sa') { echo VCF_URL }", true));
        jenkins.buildAndAssertSuccess(job);
        List<String> logged = new ArrayList<>();
        for (LogRecord record : Jenkins.logRecords) {
            logged.add(record.getLevel() + " " + record.getLoggerName() + " " + record.getMessage() + " "
                    + record.getThrown());
        }
        assertThat(logged).anyMatch(line -> line.contains(AuditLog.NAME));
        assertThat(logged)
                .noneMatch(line -> line.contains("NoClassDefFoundError") || line.contains("TokenMetrics"))
                .filteredOn(line -> !line.startsWith(Level.INFO.getName()))
                .noneMatch(line -> line.contains("vcftoken"));
    }
}
