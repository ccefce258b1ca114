package io.jenkins.plugins.vcftoken.credentials;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.model.queue.QueueTaskFuture;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Concurrent blocks, one of each kind, with one API call per second over 20 access token lifetimes. */
@WithJenkins
class CredentialKindLifetimesJenkinsTest {

    private static final int LIFETIMES = 20;
    private static final Duration LIFETIME = Duration.ofSeconds(4);
    private static final int CALLS = LIFETIMES * (int) LIFETIME.toSeconds();

    @Test
    void blockOfEachKind_forTwentyLifetimes_getsNo401(JenkinsRule jenkins) throws Exception {
        try (Simulator simulator = Simulator.start()) {
            simulator.setLifetime(LIFETIME);
            JenkinsAccount.trust(simulator.authorityPem());
            List<CredentialKind> kinds = CredentialKind.all();
            jenkins.jenkins.setNumExecutors(kinds.size());
            List<QueueTaskFuture<WorkflowRun>> runs = new ArrayList<>();
            for (CredentialKind kind : kinds) {
                SystemCredentialsProvider.getInstance().getCredentials().add(kind.sample("id-" + kind, simulator));
                WorkflowJob job = jenkins.createProject(WorkflowJob.class, kind.toString());
                job.setDefinition(new CpsFlowDefinition(script(kind), true));
                runs.add(job.scheduleBuild2(0));
            }
            for (QueueTaskFuture<WorkflowRun> run : runs) {
                jenkins.assertBuildStatusSuccess(run);
            }
            assertThat(simulator.unauthorized()).isZero();
            assertThat(simulator.served()).isEqualTo(kinds.size() * CALLS);
            assertThat(simulator.accessTokens()).hasSizeGreaterThan(kinds.size() * LIFETIMES);
            assertThat(simulator.reuses()).isZero();
            assertThat(simulator.violations()).isEmpty();
            SecretSweep.assertNone(simulator, jenkins.jenkins.getRootDir().toPath());
        }
    }

    private static String script(CredentialKind kind) {
        boolean isOperations = kind.symbol().equals("vcfOperationsUser");
        String scheme = isOperations ? "OpsToken" : "Bearer";
        String path = isOperations ? "/suite-api/api/resources" : "/deployment/api/deployments";
        return "node { withVcfToken(credentialsId: 'id-" + kind + "', bindings: [headerFile(variable: 'H', scheme: '"
                + scheme
                + "')]) {\n"
                + "  sh 'for i in $(seq " + CALLS + "); do curl --fail --silent --show-error -o /dev/null -H @\"$H\" "
                + "\"$VCF_URL" + path + "\" || exit 1; sleep 1; done' } }";
    }
}
