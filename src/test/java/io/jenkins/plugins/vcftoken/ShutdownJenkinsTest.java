package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.jvnet.hudson.test.junit.jupiter.JenkinsSessionExtension;

class ShutdownJenkinsTest {

    @RegisterExtension
    private final JenkinsSessionExtension sessions = new JenkinsSessionExtension();

    @Test
    void anExchangeInFlightIsWaitedForWhenJenkinsGoesDown() throws Throwable {
        try (Simulator simulator = Simulator.start()) {
            simulator.setDelay(Duration.ofSeconds(3));
            sessions.then(rule -> {
                JenkinsAndSimulator both = new JenkinsAndSimulator(rule, simulator);
                both.addToSystem(both.account("sa", simulator.addAccount("ci", "acme")));
                VcfaServiceAccount credential = (VcfaServiceAccount)
                        SystemCredentialsProvider.getInstance().getCredentials().get(0);
                Thread asking = new Thread(() -> {
                    try {
                        VcfTokenService.get().once(credential);
                    } catch (Exception e) {
                        // Whether the one who asked still gets it is not the point.
                    }
                });
                asking.start();
                JenkinsAndSimulator.await("the token is on its way", () -> simulator.requests() == 1);
            });
            sessions.then(rule -> {
                JenkinsAndSimulator both = new JenkinsAndSimulator(rule, simulator);
                both.awaitInSystem("sa");
                both.build(both.job(rule.jenkins, "job", "sa"));
                assertThat(simulator.grants()).isEqualTo(1);
                both.assertNothingLostOrSpentTwice();
            });
        }
    }
}
