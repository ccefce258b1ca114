package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import hudson.model.queue.QueueTaskFuture;
import hudson.slaves.EnvironmentVariablesNodeProperty.Entry;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/**
 * The unchanged example Jenkinsfiles that need only curl, concurrently, for 20 lifetimes of an access token. {@code
 * InteropJenkinsTest} runs the examples for other tools.
 */
@WithJenkins
class CurlExamplesJenkinsTest {

    private static final int LIFETIME_SECONDS = 5;
    private static final int ROUNDS = 20 * LIFETIME_SECONDS;

    @Test
    void examples_forTwentyLifetimes_getNo401(JenkinsRule jenkins) throws Exception {
        try (Simulator simulator = Simulator.start()) {
            simulator.setLifetime(Duration.ofSeconds(LIFETIME_SECONDS));
            JenkinsAccount.add(simulator, "vcfa");
            JenkinsAccount.trust(simulator.authorityPem(), new Entry("ROUNDS", String.valueOf(ROUNDS)));
            jenkins.jenkins.setNumExecutors(8);
            Map<String, QueueTaskFuture<WorkflowRun>> runs = new LinkedHashMap<>();
            for (String example : new String[] {"curl-loop", "reread-on-401", "refresh-once", "stages"}) {
                WorkflowJob job = jenkins.createProject(WorkflowJob.class, example);
                job.setDefinition(new CpsFlowDefinition(
                        Files.readString(Path.of("docs/examples", example + ".Jenkinsfile")), true));
                runs.put(example, job.scheduleBuild2(0));
            }
            for (QueueTaskFuture<WorkflowRun> run : runs.values()) {
                jenkins.assertBuildStatusSuccess(run);
            }
            assertThat(simulator.unauthorized()).isZero();
            // Two examples loop, and two send one request each.
            assertThat(simulator.served()).isEqualTo(2 * ROUNDS + 1 + 1);
            assertThat(simulator.reuses()).isZero();
            assertThat(simulator.grants()).isGreaterThan(20).isLessThan(ROUNDS);
            SecretSweep.assertNone(simulator, jenkins.jenkins.getRootDir().toPath());
        }
    }
}
