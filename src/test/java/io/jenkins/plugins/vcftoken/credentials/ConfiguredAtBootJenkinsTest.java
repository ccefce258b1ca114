package io.jenkins.plugins.vcftoken.credentials;

import static io.jenkins.plugins.vcftoken.JenkinsAndSimulator.tokenIn;
import static org.assertj.core.api.Assertions.assertThat;

import hudson.model.Result;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.File;
import java.nio.file.Path;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.junit.jupiter.JenkinsSessionExtension;

/** Configuration as Code at startup, with a file that still contains the initial token after it was replaced. */
class ConfiguredAtBootJenkinsTest {

    private static final String CONFIG_PROPERTY = "casc.jenkins.config";

    @TempDir
    private Path directory;

    @RegisterExtension
    private final JenkinsSessionExtension sessions = new JenkinsSessionExtension();

    @AfterEach
    void stop() {
        System.clearProperty(CONFIG_PROPERTY);
    }

    @Test
    void restart_withReplacedInitialTokenInYaml_usesTheRotatedToken() throws Throwable {
        try (Simulator simulator = Simulator.start()) {
            simulator.setLifetime(JenkinsAndSimulator.SHORT);
            String initialToken = simulator.addAccount("ci", "acme");
            System.setProperty(
                    CONFIG_PROPERTY,
                    ConfigurationAsCodeJenkinsTest.writeYaml(directory, simulator, initialToken)
                            .toString());
            for (int start : new int[] {1, 2}) {
                sessions.then(rule -> {
                    JenkinsAndSimulator fixture = new JenkinsAndSimulator(rule, simulator);
                    File store = new File(rule.jenkins.getRootDir(), "credentials.xml");
                    assertThat(tokenIn(store, "sa")).as("stored at startup").isEqualTo(initialToken);
                    WorkflowJob job = start == 1
                            ? fixture.job(rule.jenkins, "job", "sa")
                            : rule.jenkins.getItemByFullName("job", WorkflowJob.class);
                    fixture.sleepUntilRenewalIsDue();
                    rule.buildAndAssertStatus(Result.SUCCESS, job);
                    fixture.awaitInSystem("sa");
                    assertThat(simulator.rotations()).isEqualTo(start);
                    fixture.assertNoTokenLostOrReused();
                });
            }
        }
    }
}
