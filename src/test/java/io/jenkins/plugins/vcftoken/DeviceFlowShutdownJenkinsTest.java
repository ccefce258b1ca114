package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.JenkinsSessionExtension;

/** Device flows that are open when the controller shuts down. */
class DeviceFlowShutdownJenkinsTest {

    @RegisterExtension
    private final JenkinsSessionExtension sessions = new JenkinsSessionExtension();

    @Test
    void shutdown_storesIssuedToken_andEndsPendingFlow() throws Throwable {
        try (Simulator simulator = Simulator.start()) {
            simulator.devices().setInterval(Duration.ofSeconds(1));
            String first = simulator.devices().addAccount("ci", "acme");
            String second = simulator.devices().addAccount("other", "acme");
            int[] polls = new int[1];
            sessions.then(rule -> {
                JenkinsAndSimulator fixture = new JenkinsAndSimulator(rule, simulator);
                fixture.addToSystem(fixture.account("sa", ""));
                fixture.addToSystem(fixture.account("waiting", ""));
                DeviceFlowSession unsaved = start("sa", first);
                Path ledger = rule.jenkins.getRootDir().toPath().resolve("vcf-token");
                Path moved = ledger.resolveSibling("away");
                Files.move(ledger, moved);
                Files.writeString(ledger, "");
                simulator.devices().decide(unsaved.codes().userCode(), true);
                JenkinsAndSimulator.await(
                        "the issued token cannot be stored",
                        () -> unsaved.error().contains("could not be stored yet"));
                start("waiting", second);
                Files.delete(ledger);
                Files.move(moved, ledger);
            });
            polls[0] = simulator.devices().polls();
            sessions.then(rule -> {
                assertThat(JenkinsAndSimulator.tokenIn(credentials(rule), "sa"))
                        .isEqualTo(simulator.currentToken("ci"));
                assertThat(JenkinsAndSimulator.tokenIn(credentials(rule), "waiting"))
                        .isEmpty();
                simulator.devices().decide(simulator.devices().lastUserCode(), true);
                Thread.sleep(2_500);
                assertThat(simulator.devices().polls()).isEqualTo(polls[0]);
                JenkinsAndSimulator fixture = new JenkinsAndSimulator(rule, simulator);
                fixture.build(fixture.job(rule.jenkins, "job", "sa"));
            });
        }
    }

    private static File credentials(JenkinsRule rule) {
        return new File(rule.jenkins.getRootDir(), "credentials.xml");
    }

    private static DeviceFlowSession start(String id, String clientId) throws Exception {
        VcfaServiceAccount stored = SystemCredentialsProvider.getInstance().getCredentials().stream()
                .map(VcfaServiceAccount.class::cast)
                .filter(credential -> credential.getId().equals(id))
                .findFirst()
                .orElseThrow();
        return DeviceFlowRegistry.get().start(stored, clientId, "a test");
    }
}
