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
    void shutdown_waitsForTokenRequest() throws Throwable {
        try (Simulator simulator = Simulator.start()) {
            simulator.setDelay(Duration.ofSeconds(3));
            sessions.then(rule -> {
                JenkinsAndSimulator fixture = new JenkinsAndSimulator(rule, simulator);
                fixture.addToSystem(fixture.account("sa", simulator.addAccount("ci", "acme")));
                VcfaServiceAccount credential = (VcfaServiceAccount)
                        SystemCredentialsProvider.getInstance().getCredentials().get(0);
                Thread requester = new Thread(() -> {
                    try {
                        VcfTokenService.get().issueWithoutLease(credential);
                    } catch (Exception e) {
                        // The caller's result does not matter.
                    }
                });
                requester.start();
                JenkinsAndSimulator.await("the token request is sent", () -> simulator.requests() == 1);
            });
            sessions.then(rule -> {
                JenkinsAndSimulator fixture = new JenkinsAndSimulator(rule, simulator);
                fixture.awaitInSystem("sa");
                fixture.build(fixture.job(rule.jenkins, "job", "sa"));
                assertThat(simulator.grants()).isEqualTo(1);
                fixture.assertNoTokenLostOrReused();
            });
        }
    }
}
