package io.jenkins.plugins.vcftoken.attack;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Attack: a trusted server tries to get secrets of other systems. */
@WithJenkins
class HostileServerJenkinsTest {

    private JenkinsAndSimulator fixture;

    @AutoClose
    private final Simulator simulator = Simulator.start();

    @BeforeEach
    void start(JenkinsRule rule) throws Exception {
        simulator.setLifetime(JenkinsAndSimulator.SHORT);
        fixture = new JenkinsAndSimulator(rule, simulator);
    }

    @AfterEach
    void stop() {
        fixture.assertNoTokenLostOrReused();
    }

    /**
     * A server could return the ciphertext of another secret, for example from a job configuration, as a refresh token,
     * and receive the decrypted secret with the next request.
     */
    @Test
    void refreshToken_thatIsCiphertextOfTheController_isNotDecrypted() throws Exception {
        String foreignSecret = "the password of another system";
        fixture.addToSystem(fixture.account("sa", simulator.addAccount("ci", "acme")));
        WorkflowJob job = fixture.job(fixture.jenkins.jenkins, "job", "sa");
        AtomicBoolean isDecrypted = new AtomicBoolean();
        simulator.setNextRefreshToken(Secret.fromString(foreignSecret).getEncryptedValue());
        fixture.build(job);
        for (int i = 0; i < 10; i++) {
            isDecrypted.compareAndSet(false, storedToken().equals(foreignSecret));
            Thread.sleep(50);
        }
        assertThat(isDecrypted).isFalse();
        fixture.sleepUntilRenewalIsDue();
        fixture.build(job);
        fixture.awaitInSystem("sa");
        assertThat(simulator.grants()).isGreaterThanOrEqualTo(2);
        assertThat(simulator.rotations()).isEqualTo(simulator.grants());
    }

    private static String storedToken() {
        return ((VcfaServiceAccount)
                        SystemCredentialsProvider.getInstance().getCredentials().get(0))
                .getRefreshToken()
                .getPlainText();
    }
}
