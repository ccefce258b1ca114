package io.jenkins.plugins.vcftoken.interop;

import static org.assertj.core.api.Assertions.assertThat;

import hudson.model.queue.QueueTaskFuture;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import net.sf.json.JSONObject;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/**
 * An outage of the API server for {@code -Dfleet.outage} seconds, during a block with a credential from one of its
 * Secrets. The lifetime of the access token is five times as long, so that its renewal is due during the outage.
 */
@WithJenkins
@EnabledIfSystemProperty(
        named = "fleet.outage",
        matches = "[0-9]+",
        disabledReason = "bin/interop --long runs it: an outage of five minutes takes half an hour")
class KubernetesOutageJenkinsTest {

    private static final Duration OUTAGE = Duration.ofSeconds(Integer.getInteger("fleet.outage", 300));
    private static final Duration LIFETIME = OUTAGE.multipliedBy(5);

    /** Start of the outage; the renewal is between 70 % and 75 % of the lifetime. */
    private static final Duration OUTAGE_START = LIFETIME.multipliedBy(69).dividedBy(100);

    private static final String BLOCK = """
            node {
                withVcfToken(credentialsId: 'ci', bindings: [tokenFile('TOKEN_FILE'), caFile('VCF_CA_FILE')]) {
                    sh '''
                        set +x
                        while [ ! -e %s ]; do
                            curl --silent --output /dev/null --write-out '%%{http_code} ' --cacert "$VCF_CA_FILE" \\\\
                                --header "Authorization: Bearer $(cat "$TOKEN_FILE")" "$VCF_URL/deployment/api/deployments"
                            sleep 1
                        done
                    '''
                }
            }
            """;

    @TempDir
    private static Path directory;

    private KubernetesApiServer server;
    private Simulator simulator;

    /** Runs before Jenkins starts, since the clients of the provider and the plugin read the kubeconfig at startup. */
    @BeforeEach
    void start() throws Exception {
        server = KubernetesApiServer.start(Files.createTempDirectory(directory, "kubernetes"));
        simulator = Simulator.start();
        simulator.setLifetime(LIFETIME);
        server.applyNamespace(
                "ci", List.of("jenkins"), KubernetesApiServer.READ, KubernetesApiServer.updateRule(List.of("ci")));
        server.applyServiceAccount("ci", "ci", simulator);
        System.setProperty("kubeconfig", server.kubeconfig("ci", "jenkins").toString());
    }

    @AfterEach
    void stop() {
        System.clearProperty("kubeconfig");
        simulator.close();
        server.close();
    }

    @Test
    void apiServerDown_duringBlock_keepsTokenValid_andIsShownOnStatusPage(JenkinsRule jenkins) throws Exception {
        Path end = directory.resolve("end");
        WorkflowJob job = jenkins.createProject(WorkflowJob.class, "job");
        job.setDefinition(new CpsFlowDefinition(BLOCK.formatted(end), true));
        QueueTaskFuture<WorkflowRun> build = job.scheduleBuild2(0);
        JenkinsAndSimulator.await("the block is served", () -> simulator.served() > 0);
        Instant granted = VcfTokenService.get()
                .administration()
                .list()
                .get(0)
                .accessToken()
                .issuedAt();

        JenkinsAndSimulator.sleepUntil(granted.plus(OUTAGE_START));
        server.kill();
        Instant killed = Instant.now();
        JenkinsAndSimulator.sleepUntil(granted.plus(LIFETIME.multipliedBy(76).dividedBy(100)));
        JSONObject during = status(jenkins);
        int grantsDuringOutage = simulator.grants();
        // A build that starts during the outage uses the access token.
        WorkflowJob other = jenkins.createProject(WorkflowJob.class, "other");
        other.setDefinition(new CpsFlowDefinition("withVcfToken(credentialsId: 'ci') {}", true));
        jenkins.buildAndAssertSuccess(other);
        JenkinsAndSimulator.sleepUntil(killed.plus(OUTAGE));
        server.restart();
        Instant restarted = Instant.now();

        JenkinsAndSimulator.sleepUntil(granted.plus(LIFETIME.multipliedBy(11).dividedBy(10)));
        JSONObject after = status(jenkins);
        Files.createFile(end);
        WorkflowRun run = jenkins.assertBuildStatusSuccess(build);
        System.out.println("Outage of the API server: "
                + Duration.between(killed, restarted).toSeconds() + " s, " + simulator.served() + " calls, "
                + simulator.unauthorized() + " of them 401, " + simulator.grants() + " access tokens, during: "
                + during.getString("state") + ' ' + during.getString("error") + ", after: "
                + after.getString("state"));
        assertThat(grantsDuringOutage).isEqualTo(1);
        assertThat(during.getString("state")).isEqualTo("FAILING");
        assertThat(during.getString("error"))
                .contains("the Kubernetes Secret ‘ci/ci’")
                .contains("the API server cannot be reached");
        assertThat(after.getString("state")).isEqualTo("READY");
        assertThat(simulator.grants()).isEqualTo(2);
        assertThat(simulator.unauthorized()).isZero();
        assertThat(simulator.repeats()).isZero();
        assertThat(JenkinsRule.getLog(run)).contains("200 ").doesNotContain("401 ");
        assertThat(server.kubectl("get", "secret", "ci", "--namespace=ci", "--output=jsonpath={.data.refreshToken}"))
                .isEqualTo(Base64.getEncoder()
                        .encodeToString(simulator.currentToken("ci").getBytes(StandardCharsets.UTF_8)));
        InteropTable.add(
                "kube-apiserver",
                server.version(),
                "down for " + Duration.between(killed, restarted).toSeconds() + " s during a block",
                simulator);
    }

    private static JSONObject status(JenkinsRule jenkins) throws Exception {
        return jenkins.getJSON("manage/vcf-tokens/credential/ci/api/json").getJSONObject();
    }
}
