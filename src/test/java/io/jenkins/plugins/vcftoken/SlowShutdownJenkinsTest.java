package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.RealJenkinsExtension;

/** A server that is slower than one call may take, because it is asked at one path and then at the other. */
class SlowShutdownJenkinsTest {

    @RegisterExtension
    private final RealJenkinsExtension controller = JenkinsProcess.withoutPipelines()
            .javaOptions("-Dio.jenkins.plugins.vcftoken.VcfTokenService.callTimeoutSeconds=20");

    @Test
    void anExchangeOfTwoCallsIsWaitedForWhenJenkinsGoesDown() throws Throwable {
        try (Simulator simulator = Simulator.start()) {
            simulator.moveBehindTm();
            simulator.setDelay(Duration.ofSeconds(12));
            controller.startJenkins();
            controller.runRemotely(
                    SlowShutdownJenkinsTest::ask,
                    simulator.url().toString(),
                    simulator.authorityPem(),
                    simulator.addAccount("ci", "acme"));
            JenkinsAndSimulator.await("the first path was tried", () -> simulator.missed() == 1);
            controller.stopJenkins();
            assertThat(simulator.grants()).isEqualTo(1);
            controller.startJenkins();
            controller.runRemotely(SlowShutdownJenkinsTest::once);
            assertThat(simulator.grants())
                    .as("the access token is in the ledger")
                    .isEqualTo(1);
            assertThat(simulator.mostReceived()).isEqualTo(1);
            assertThat(simulator.reuses()).isZero();
        }
    }

    private static void ask(JenkinsRule rule, String url, String authority, String token) throws Exception {
        JenkinsAccount.add(url, authority, "sa", token);
        Thread asking = new Thread(() -> {
            try {
                once(rule);
            } catch (Exception e) {
                // It need not get the answer itself.
            }
        });
        asking.setDaemon(true);
        asking.start();
    }

    private static void once(JenkinsRule rule) throws Exception {
        VcfTokenService.get().once((VcfaServiceAccount)
                SystemCredentialsProvider.getInstance().getCredentials().get(0));
    }
}
