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

/** A token request of two calls, one for each possible path, which together exceed the timeout of a single call. */
class SlowShutdownJenkinsTest {

    @RegisterExtension
    private final RealJenkinsExtension controller = JenkinsProcess.withoutPipelines()
            .javaOptions("-Dio.jenkins.plugins.vcftoken.VcfTokenService.callTimeoutSeconds=20");

    @Test
    void shutdown_waitsForTokenRequestOfTwoCalls() throws Throwable {
        try (Simulator simulator = Simulator.start()) {
            simulator.useTmPathPrefix();
            simulator.setDelay(Duration.ofSeconds(12));
            controller.startJenkins();
            controller.runRemotely(
                    SlowShutdownJenkinsTest::requestInBackground,
                    simulator.url().toString(),
                    simulator.authorityPem(),
                    simulator.addAccount("ci", "acme"));
            JenkinsAndSimulator.await("the first path was tried", () -> simulator.notFound() == 1);
            controller.stopJenkins();
            assertThat(simulator.grants()).isEqualTo(1);
            controller.startJenkins();
            controller.runRemotely(SlowShutdownJenkinsTest::once);
            assertThat(simulator.grants())
                    .as("the access token is in the ledger")
                    .isEqualTo(1);
            assertThat(simulator.maxRequestsPerSecret()).isEqualTo(1);
            assertThat(simulator.reuses()).isZero();
        }
    }

    private static void requestInBackground(JenkinsRule rule, String url, String authority, String token)
            throws Exception {
        JenkinsAccount.add(url, authority, "sa", token);
        Thread requester = new Thread(() -> {
            try {
                once(rule);
            } catch (Exception e) {
                // The caller's result does not matter.
            }
        });
        requester.setDaemon(true);
        requester.start();
    }

    private static void once(JenkinsRule rule) throws Exception {
        VcfTokenService.get().issueWithoutLease((VcfaServiceAccount)
                SystemCredentialsProvider.getInstance().getCredentials().get(0));
    }
}
