package io.jenkins.plugins.vcftoken.attack;

import static org.assertj.core.api.Assertions.assertThat;

import hudson.model.Result;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.logging.FileHandler;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Attack: log files of an administrator who has set all loggers to ALL. */
@WithJenkins
class LoggingJenkinsTest {

    /** Excludes the network loggers of Java, which log the data that they send. */
    private static final String[] LOGGERS = {
        "io.jenkins.plugins.vcftoken",
        "com.cloudbees.plugins.credentials",
        "org.jenkinsci.plugins.credentialsbinding",
        "org.jenkinsci.plugins.plaincredentials",
        "org.jenkinsci.plugins.workflow",
        "okhttp3",
        "hudson.util.Secret",
        "jenkins.util"
    };

    @TempDir
    private Path disk;

    @AfterEach
    void stop() {
        System.clearProperty(JenkinsAndSimulator.RETRY_UNKNOWN);
    }

    @Test
    void loggers_atLevelAll_logNoSecret(JenkinsRule jenkins) throws Exception {
        Path log = disk.resolve("all.log");
        Handler file = new FileHandler(log.toString());
        file.setFormatter(new SimpleFormatter());
        file.setLevel(Level.ALL);
        try (Simulator simulator = Simulator.start()) {
            JenkinsAndSimulator fixture = new JenkinsAndSimulator(jenkins, simulator);
            simulator.setLifetime(Duration.ofSeconds(2));
            fixture.addToSystem(fixture.account("sa", simulator.addAccount("ci", "acme")));
            fixture.addToSystem(fixture.account("lost", simulator.addAccount("other", "acme")));
            for (String name : LOGGERS) {
                Logger logger = Logger.getLogger(name);
                logger.setLevel(Level.ALL);
                logger.addHandler(file);
            }
            try {
                WorkflowJob job = jenkins.createProject(WorkflowJob.class, "job");
                job.setDefinition(new CpsFlowDefinition(
                        "node { withVcfToken(credentialsId: 'sa', bindings: [tokenFile('F')]) {\n"
                                + "  for (int i = 0; i < 3; i++) { sh 'cat \"$F\"'; sleep 1 }\n  vcfTokenRefresh()\n} }",
                        true));
                jenkins.buildAndAssertSuccess(job);
                System.setProperty(JenkinsAndSimulator.RETRY_UNKNOWN, "false");
                simulator.inject(Fault.CLOSE_AFTER_COMMIT);
                WorkflowJob lostResponse = fixture.job(jenkins.jenkins, "losing", "lost");
                jenkins.buildAndAssertStatus(Result.FAILURE, lostResponse);
                jenkins.buildAndAssertStatus(Result.FAILURE, lostResponse);
                fixture.awaitInSystem("sa");
            } finally {
                for (String name : LOGGERS) {
                    Logger logger = Logger.getLogger(name);
                    logger.setLevel(null);
                    logger.removeHandler(file);
                }
                file.close();
            }
            assertThat(simulator.rotations()).isGreaterThan(2);
            assertThat(Files.size(log)).as("something was logged").isGreaterThan(1_000);
            SecretSweep.assertNone(simulator, disk);
        }
    }
}
