package io.jenkins.plugins.vcftoken;

import io.jenkins.plugins.vcftoken.simulator.Simulator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Base class of tests that share one Jenkins, which is reset after each of them. Each test has its own simulator. */
@WithJenkins
public abstract class JenkinsSharedTestBase {

    protected static JenkinsRule jenkins;

    @AutoClose("closeAndCheckViolations")
    protected final Simulator simulator = Simulator.start();

    protected final JenkinsAndSimulator fixture = new JenkinsAndSimulator(jenkins, simulator);

    @BeforeAll
    static void start(JenkinsRule rule) {
        jenkins = rule;
    }

    @AfterEach
    void reset() throws Exception {
        JenkinsReset.reset(jenkins);
    }
}
