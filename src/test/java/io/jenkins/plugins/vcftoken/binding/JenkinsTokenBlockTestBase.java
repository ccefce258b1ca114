package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.file.Path;
import java.time.Duration;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.InboundAgentExtension;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/**
 * Base class of tests of blocks in one Jenkins with a credential "sa", and agents in their own processes. At the end,
 * no lease is open, no request was unauthorized, and no file contains a secret.
 */
@WithJenkins
abstract class JenkinsTokenBlockTestBase {

    static final String GET = "curl --fail --silent --show-error -H \"Authorization: Bearer $VCF_TOKEN\""
            + " $VCF_URL/deployment/api/deployments";

    @TempDir
    static Path disk;

    static JenkinsRule jenkins;

    static Simulator simulator;

    @RegisterExtension
    final InboundAgentExtension inbound = new InboundAgentExtension();

    WorkflowJob job;

    @BeforeAll
    static void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        simulator = Simulator.start();
        JenkinsAccount.add(simulator, "sa");
        JenkinsAccount.trust(simulator.authorityPem());
        rule.jenkins.setNumExecutors(4);
    }

    @AfterAll
    static void stop() throws Exception {
        try (Simulator closed = simulator) {
            assertThat(closed.unauthorized()).isZero();
            assertThat(closed.reuses()).isZero();
            JenkinsAndSimulator.await(
                    "no lease is left", () -> VcfTokenService.get().openLeases().isEmpty());
            SecretSweep.assertNone(closed, disk);
            SecretSweep.assertNone(closed, jenkins.jenkins.getRootDir().toPath());
        }
    }

    @BeforeEach
    void createJob(TestInfo test) throws Exception {
        simulator.setLifetime(Duration.ofHours(1));
        simulator.setDelay(Duration.ZERO);
        // A parameterized test has several jobs.
        String name = test.getTestMethod().orElseThrow().getName()
                + '-'
                + jenkins.jenkins.getItems().size();
        job = jenkins.createProject(WorkflowJob.class, name);
    }

    void addAgent(String name) throws Exception {
        JenkinsAgents.add(inbound, jenkins, name, disk);
    }

    WorkflowRun startBuild(String script, boolean sandbox) throws Exception {
        job.setDefinition(new CpsFlowDefinition(script, sandbox));
        return job.scheduleBuild2(0).waitForStart();
    }

    /** Starts a build whose script prints "ready". */
    WorkflowRun startBuild(String script) throws Exception {
        WorkflowRun run = startBuild(script, true);
        jenkins.waitForMessage("ready", run);
        return run;
    }
}
