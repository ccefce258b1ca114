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

/** A server that an administrator trusts with its own tokens wants more. */
@WithJenkins
class HostileServerJenkinsTest {

    private JenkinsAndSimulator both;

    @AutoClose
    private final Simulator simulator = Simulator.start();

    @BeforeEach
    void start(JenkinsRule rule) throws Exception {
        simulator.setLifetime(JenkinsAndSimulator.SHORT);
        both = new JenkinsAndSimulator(rule, simulator);
    }

    @AfterEach
    void stop() {
        both.assertNothingLostOrSpentTwice();
    }

    /** A user who can read a job's configuration sees the ciphertext of secrets, and might have it decrypted and sent. */
    @Test
    void aRefreshTokenThatIsThisControllersOwnCiphertextOpensNothing() throws Exception {
        String wrongServer = "the password of another system";
        both.addToSystem(both.account("sa", simulator.addAccount("ci", "acme")));
        WorkflowJob job = both.job(both.jenkins.jenkins, "job", "sa");
        AtomicBoolean opened = new AtomicBoolean();
        simulator.setNextRefreshToken(Secret.fromString(wrongServer).getEncryptedValue());
        both.build(job);
        for (int i = 0; i < 10; i++) {
            opened.compareAndSet(false, stored().equals(wrongServer));
            Thread.sleep(50);
        }
        assertThat(opened).isFalse();
        both.letTheAccessTokenAge();
        both.build(job);
        both.awaitInSystem("sa");
        assertThat(simulator.grants()).isGreaterThanOrEqualTo(2);
        assertThat(simulator.rotations()).isEqualTo(simulator.grants());
    }

    private static String stored() {
        return ((VcfaServiceAccount)
                        SystemCredentialsProvider.getInstance().getCredentials().get(0))
                .getRefreshToken()
                .getPlainText();
    }
}
