package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import hudson.model.queue.QueueTaskFuture;
import hudson.slaves.EnvironmentVariablesNodeProperty.Entry;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/**
 * The sample Jenkinsfiles of the documentation, as they stand there, for twenty lifetimes of an access token, all at once. The
 * tools are stand-ins that take the token the way the real ones do.
 */
@WithJenkins
class SamplesJenkinsTest {

    private static final int LIFETIME_SECONDS = 3;
    private static final int ROUNDS = 20 * LIFETIME_SECONDS;

    private static final String KUBECTL = """
            #!/bin/sh
            # Reads the token file of the kubeconfig again for each request, in less than the minute of the real one.
            server=$(sed -n 's/.*server: "\\(.*\\)"}}.*/\\1/p' "$2")
            file=$(sed -n 's/.*tokenFile: "\\(.*\\)"}}.*/\\1/p' "$2")
            for i in $(seq "$ROUNDS"); do
                curl --fail --silent --show-error -H "Authorization: Bearer $(cat "$file")" \\
                    "$server/deployment/api/deployments" > /dev/null || exit 1
                sleep 1
            done
            """;

    private static final String TERRAFORM = """
            #!/bin/sh
            [ "$1" = init ] || exec curl --fail --silent --show-error -H "Authorization: Bearer $VCFA_API_TOKEN" \\
                "$VCF_URL/deployment/api/deployments"
            """;

    @TempDir
    private Path tools;

    @Test
    void twentyLifetimesWithoutA401(JenkinsRule jenkins) throws Exception {
        try (Simulator simulator = Simulator.start()) {
            simulator.setLifetime(Duration.ofSeconds(LIFETIME_SECONDS));
            JenkinsAccount.add(simulator, "vcfa");
            tool("kubectl", KUBECTL);
            tool("terraform", TERRAFORM);
            JenkinsAccount.trust(
                    simulator.authorityPem(),
                    new Entry("ROUNDS", String.valueOf(ROUNDS)),
                    new Entry("PATH+TOOLS", tools.toString()));
            jenkins.jenkins.setNumExecutors(8);
            Map<String, QueueTaskFuture<WorkflowRun>> runs = new LinkedHashMap<>();
            for (String sample :
                    new String[] {"curl-loop", "reread-on-401", "kubectl", "terraform", "refresh-once", "stages"}) {
                WorkflowJob job = jenkins.createProject(WorkflowJob.class, sample);
                job.setDefinition(new CpsFlowDefinition(
                        Files.readString(Path.of("docs/examples", sample + ".Jenkinsfile")), true));
                runs.put(sample, job.scheduleBuild2(0));
            }
            for (QueueTaskFuture<WorkflowRun> run : runs.values()) {
                jenkins.assertBuildStatusSuccess(run);
            }
            assertThat(simulator.unauthorized()).isZero();
            // Three loops, Terraform's plan and apply, one request each of the other two.
            assertThat(simulator.served()).isEqualTo(3 * ROUNDS + 2 + 1 + 1);
            assertThat(simulator.reuses()).isZero();
            assertThat(simulator.grants()).isGreaterThan(20).isLessThan(ROUNDS);
            SecretSweep.assertNone(simulator, jenkins.jenkins.getRootDir().toPath());
        }
    }

    private void tool(String name, String script) throws Exception {
        Path file = Files.writeString(tools.resolve(name), script);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
