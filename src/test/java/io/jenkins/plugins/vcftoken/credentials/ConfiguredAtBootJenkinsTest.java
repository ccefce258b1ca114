package io.jenkins.plugins.vcftoken.credentials;

import static io.jenkins.plugins.vcftoken.JenkinsAndSimulator.tokenIn;
import static org.assertj.core.api.Assertions.assertThat;

import hudson.model.Result;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.junit.jupiter.JenkinsSessionExtension;

/** A controller whose credentials come from a file each time it starts: the file has the initial token, long since spent. */
class ConfiguredAtBootJenkinsTest {

    private static final String CONFIG = "casc.jenkins.config";

    @TempDir
    private Path directory;

    @RegisterExtension
    private final JenkinsSessionExtension sessions = new JenkinsSessionExtension();

    @AfterEach
    void stop() {
        System.clearProperty(CONFIG);
    }

    @Test
    void theInitialTokenInTheFileIsNoHarmWhenJenkinsStartsAgain() throws Throwable {
        try (Simulator simulator = Simulator.start()) {
            simulator.setLifetime(JenkinsAndSimulator.SHORT);
            String initialToken = simulator.addAccount("ci", "acme");
            System.setProperty(CONFIG, yaml(simulator, initialToken).toString());
            for (int start = 1; start <= 2; start++) {
                int starts = start;
                sessions.then(rule -> {
                    JenkinsAndSimulator both = new JenkinsAndSimulator(rule, simulator);
                    File store = new File(rule.jenkins.getRootDir(), "credentials.xml");
                    assertThat(tokenIn(store, "sa"))
                            .as("what is stored at start")
                            .isEqualTo(initialToken);
                    WorkflowJob job = starts == 1
                            ? both.job(rule.jenkins, "job", "sa")
                            : rule.jenkins.getItemByFullName("job", WorkflowJob.class);
                    both.letTheAccessTokenAge();
                    rule.buildAndAssertStatus(Result.SUCCESS, job);
                    both.awaitInSystem("sa");
                    assertThat(simulator.rotations()).isEqualTo(starts);
                    both.assertNothingLostOrSpentTwice();
                });
            }
        }
    }

    private Path yaml(Simulator simulator, String initialToken) throws Exception {
        return Files.writeString(directory.resolve("jenkins.yaml"), """
                credentials:
                  system:
                    domainCredentials:
                    - credentials:
                      - vcfaServiceAccount:
                          scope: GLOBAL
                          id: sa
                          url: "%s"
                          organization: acme
                          refreshToken: "%s"
                          caCertificates: "%s"
                """.formatted(
                simulator.url(), initialToken, simulator.authorityPem().trim().replace("\n", "\\n")));
    }
}
