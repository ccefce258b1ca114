package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsScope;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.credentials.VcfSsoApiToken;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.time.Duration;
import java.time.Instant;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.jenkinsci.plugins.workflow.test.steps.SemaphoreStep;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.jvnet.hudson.test.junit.jupiter.JenkinsSessionExtension;

/** Resuming a block with derived tokens. */
class DerivedTokenRestartJenkinsTest {

    @RegisterExtension
    private final JenkinsSessionExtension sessions = new JenkinsSessionExtension();

    /** The session from before the restart has ended, so a step that used it would get a 401. */
    @Test
    void derivedToken_afterARestart_isRenewedAndItsSessionEndsWithTheBlock() throws Throwable {
        try (Simulator simulator = Simulator.start()) {
            simulator.setLifetime(Duration.ofHours(1));
            simulator
                    .vcfSso()
                    .addApiToken("CUSTOMER", "ci", "vidb_secret-of-ci", Instant.parse("2099-01-01T00:00:00Z"));
            sessions.then(jenkins -> {
                JenkinsAccount.trust(simulator.authorityPem());
                VcfSsoApiToken sso = new VcfSsoApiToken(
                        CredentialsScope.GLOBAL,
                        "sso",
                        null,
                        simulator.url().toString(),
                        Secret.fromString("vidb_secret-of-ci"));
                sso.setCaCertificates(simulator.authorityPem());
                JenkinsAccount.store(sso);
                jenkins.jenkins.save();
                WorkflowJob job = jenkins.createProject(WorkflowJob.class, "job");
                job.setDefinition(new CpsFlowDefinition("""
                        node { withVcfToken(credentialsId: 'sso', bindings: [
                            vcenterSession(url: '%1$s', variable: 'VC_SESSION', headerFileVariable: 'H'),
                            fleetService(url: '%1$s', key: 'fleet-lcm', variable: 'FLEET')]) {
                          def call = 'curl --fail --silent --show-error -H @"$H" %1$s/api/vcenter/host && curl --fail --silent --show-error -H "vmware-api-session-id: $VC_SESSION" %1$s/api/vcenter/host && curl --fail --silent --show-error -H "Authorization: Bearer $FLEET" %1$s/fleet-lcm/v1/components'
                          sh call
                          semaphore 'wait'
                          sh call
                          sh 'echo "masked $VC_SESSION $FLEET"'
                        } }
                        """.formatted(simulator.url()), true));
                SemaphoreStep.waitForStart("wait/1", job.scheduleBuild2(0).waitForStart());
            });
            simulator.vcenter().endSessions();
            int unauthorized = simulator.unauthorized();
            sessions.then(jenkins -> {
                WorkflowRun run = jenkins.jenkins
                        .getItemByFullName("job", WorkflowJob.class)
                        .getBuildByNumber(1);
                SemaphoreStep.success("wait/1", null);
                jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(run));
                jenkins.assertLogContains("masked **** ****", run);
                JenkinsAndSimulator.await(
                        "the session ends", () -> simulator.vcenter().openSessions() == 0);
                assertThat(simulator.unauthorized()).isEqualTo(unauthorized);
                assertThat(simulator.violations()).isEmpty();
                SecretSweep.assertNone(simulator, jenkins.jenkins.getRootDir().toPath());
            });
        }
    }
}
