package io.jenkins.plugins.vcftoken.health;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import hudson.model.Result;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import jenkins.metrics.api.Metrics;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.jenkinsci.plugins.workflow.test.steps.SemaphoreStep;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

@WithJenkins
class TokenMetricsJenkinsTest {

    @Test
    void registry_countsRequestsLeasesAndFailures(JenkinsRule jenkins) throws Exception {
        try (Simulator simulator = Simulator.start()) {
            simulator.setLifetime(Duration.ofSeconds(2));
            JenkinsAccount.add(simulator, "vcfa");
            WorkflowJob job = jenkins.createProject(WorkflowJob.class, "job");
            job.setDefinition(
                    new CpsFlowDefinition("withVcfToken(credentialsId: 'vcfa') { semaphore 'in'; sleep 2 }", true));
            WorkflowRun run = job.scheduleBuild2(0).waitForStart();
            SemaphoreStep.waitForStart("in/1", run);
            assertThat(count("leases")).isEqualTo(1);
            SemaphoreStep.success("in/1", null);
            jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(run));
            JenkinsAndSimulator.await("the last request is counted", () -> timer("requests") == simulator.grants());
            assertThat(simulator.grants()).isGreaterThan(1);
            assertThat(count("rotations")).isEqualTo(simulator.rotations());
            assertThat(count("renewals")).isEqualTo(simulator.grants() - 1);
            assertThat(count("leases")).isZero();
            assertThat(timer("waits")).isEqualTo(1);
            assertThat(registry().timer("vcf-token.requests").getSnapshot().getMax())
                    .isPositive();

            Thread.sleep(2_000);
            simulator.revoke("vcfa");
            jenkins.buildAndAssertStatus(Result.FAILURE, job);
            assertThat(count("failures.refresh-token-rejected")).isEqualTo(1);
            assertThat(count("denied")).isEqualTo(1);
        }
    }

    @Test
    void everyMetric_isDocumented(JenkinsRule jenkins) throws Exception {
        String page = Files.readString(Path.of("docs/token-status.md"));
        assertThat(registry().getNames().stream().filter(name -> name.startsWith("vcf-token.")))
                .hasSizeGreaterThan(6)
                .allSatisfy(name -> assertThat(page.toLowerCase(Locale.ROOT))
                        .contains("`" + name.replaceFirst("(.*\\.failures\\.).*", "$1")
                                + (name.contains("failures") ? "" : "`")));
    }

    private static MetricRegistry registry() {
        return Metrics.metricRegistry();
    }

    private static long count(String name) {
        return registry().counter("vcf-token." + name).getCount();
    }

    private static long timer(String name) {
        return registry().timer("vcf-token." + name).getCount();
    }
}
