package io.jenkins.plugins.vcftoken.attack;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsMatchers;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import com.sun.management.HotSpotDiagnosticMXBean;
import hudson.model.FreeStyleProject;
import hudson.model.Result;
import hudson.security.ACL;
import hudson.tasks.Shell;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.DeviceFlowRegistry;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.binding.TokenFileBinding;
import io.jenkins.plugins.vcftoken.binding.VcfTokenBuildWrapper;
import io.jenkins.plugins.vcftoken.credentials.CspApiToken;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import jenkins.model.Jenkins;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.RealJenkinsExtension;

/**
 * An attacker gets a heap dump of the controller. It has what the next block needs, and nothing of those that have closed.
 * The simulator is in another process and so not in the dump.
 */
class MemoryJenkinsTest {

    /** Until the access token has been renewed, however long that takes. */
    private static final String OUTLIVE_A_ACCESS_TOKEN =
            "first=$(cat \"$F\"); while [ \"$(cat \"$F\")\" = \"$first\" ]; do sleep 0.2; done";

    @RegisterExtension
    private final RealJenkinsExtension controller = new RealJenkinsExtension();

    @TempDir
    private Path disk;

    @Test
    void accessTokensOfClosedBlocksAndSpentTokensAreGone() throws Throwable {
        try (Simulator simulator = Simulator.start()) {
            simulator.setLifetime(Duration.ofSeconds(3));
            simulator.devices().setInterval(Duration.ofSeconds(1));
            // Not a constant, which would be in each process that has this class.
            String replaced = "stored-before-" + UUID.randomUUID();
            String clientId = simulator.devices().addAccount("device", "acme");
            controller.startJenkins();
            String url = simulator.url().toString();
            controller.runRemotely(
                    MemoryJenkinsTest::build, url, simulator.authorityPem(), simulator.addAccount("ci", "acme"));
            String formerApiToken = "api-token-of-before-" + UUID.randomUUID();
            String apiToken = "api-token-of-now-" + UUID.randomUUID();
            for (String token : List.of(formerApiToken, apiToken)) {
                simulator.cloudServices().addApiToken(token, Instant.parse("2099-01-01T00:00:00Z"));
            }
            controller.runRemotely(
                    MemoryJenkinsTest::replaceApiToken, url, simulator.authorityPem(), formerApiToken, apiToken);
            controller.runRemotely(MemoryJenkinsTest::authorize, url, simulator.authorityPem(), clientId, replaced);
            simulator.devices().answer(simulator.devices().lastUserCode(), true);
            controller.runRemotely(MemoryJenkinsTest::awaitAuthorization);

            List<String> gone = List.of(replaced, formerApiToken);
            Set<String> left = left(simulator, gone);
            long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
            // What is left of a process that ended, or waits for its finalizer, goes within moments.
            while (!left.equals(Set.of("the warm access token")) && System.nanoTime() < deadline) {
                Thread.sleep(1_000);
                left = left(simulator, gone);
            }
            assertThat(left).containsExactly("the warm access token");
            controller.stopJenkins();
        }
    }

    /** What the heap has of what was ever issued, but for what the ledger's index and the credentials store now. */
    private Set<String> left(Simulator simulator, List<String> gone) throws Throwable {
        Path dump = disk.resolve("heap.hprof");
        controller.runRemotely(MemoryJenkinsTest::dump, dump.toString());
        List<String> secrets = new ArrayList<>(simulator.refreshTokens());
        secrets.addAll(simulator.accessTokens());
        secrets.removeIf(secret -> secret.startsWith("api-token-of-now-"));
        secrets.addAll(gone);
        secrets.removeAll(Set.of(
                newestAccessTokenOf(simulator, "device"),
                newestAccessTokenOf(simulator, "person"),
                simulator.currentToken("ci"),
                simulator.currentToken("device")));
        assertThat(secrets).hasSizeGreaterThan(5);
        Set<String> left = HeapDump.find(dump, secrets);
        Files.delete(dump);
        if (left.remove(newestAccessTokenOf(simulator, "ci"))) {
            // The next block may begin with it. It also shows that what is there is found.
            left.add("the warm access token");
        }
        return left;
    }

    private static String newestAccessTokenOf(Simulator simulator, String user) {
        String newest = null;
        for (String accessToken : simulator.accessTokens()) {
            String claims =
                    new String(Base64.getUrlDecoder().decode(accessToken.split("\\.")[1]), StandardCharsets.UTF_8);
            if (claims.contains('"' + user + '"')) {
                newest = accessToken;
            }
        }
        return newest;
    }

    private static void build(JenkinsRule rule, String url, String authority, String initialToken) throws Exception {
        JenkinsAccount.add(url, authority, "sa", initialToken);
        WorkflowJob job = rule.createProject(WorkflowJob.class, "job");
        job.setDefinition(new CpsFlowDefinition(
                "node { withVcfToken(credentialsId: 'sa', bindings: [tokenFile('F')]) { sh '''" + OUTLIVE_A_ACCESS_TOKEN
                        + "''' } }",
                true));
        rule.buildAndAssertSuccess(job);
        WorkflowJob failing = rule.createProject(WorkflowJob.class, "failing");
        failing.setDefinition(
                new CpsFlowDefinition("node { withVcfToken(credentialsId: 'sa') { sh 'test $VCF_TOKEN = x' } }", true));
        rule.buildAndAssertStatus(Result.FAILURE, failing);
        FreeStyleProject freestyle = rule.createFreeStyleProject();
        VcfTokenBuildWrapper wrapper = new VcfTokenBuildWrapper("sa");
        wrapper.setBindings(List.of(new TokenFileBinding("F")));
        freestyle.getBuildWrappersList().add(wrapper);
        freestyle.getBuildersList().add(new Shell(OUTLIVE_A_ACCESS_TOKEN));
        rule.buildAndAssertSuccess(freestyle);
    }

    /** A person stores another API token once a block has used the first one, which no block has any more then. */
    private static void replaceApiToken(JenkinsRule rule, String url, String authority, String former, String now)
            throws Exception {
        WorkflowJob job = rule.createProject(WorkflowJob.class, "csp");
        job.setDefinition(new CpsFlowDefinition("withVcfToken(credentialsId: 'csp') { echo VCF_URL }", true));
        for (String token : List.of(former, now)) {
            CspApiToken credential =
                    new CspApiToken(CredentialsScope.GLOBAL, "csp", null, url, Secret.fromString(token));
            credential.setCaCertificates(authority);
            List<Credentials> stored = SystemCredentialsProvider.getInstance().getCredentials();
            stored.remove(credential);
            stored.add(credential);
            SystemCredentialsProvider.getInstance().save();
            rule.buildAndAssertSuccess(job);
        }
    }

    private static void authorize(JenkinsRule rule, String url, String authority, String clientId, String replaced)
            throws Exception {
        JenkinsAccount.add(url, authority, "device", replaced);
        DeviceFlowRegistry.get().start(device(), clientId, "user");
    }

    private static void awaitAuthorization(JenkinsRule rule) throws Exception {
        while (device().storedSecret().getPlainText().startsWith("stored-before-")) {
            Thread.sleep(100);
        }
    }

    private static VcfCredentials device() {
        return CredentialsMatchers.firstOrNull(
                CredentialsProvider.lookupCredentialsInItemGroup(
                        VcfCredentials.class, Jenkins.get(), ACL.SYSTEM2, List.of()),
                CredentialsMatchers.withId("device"));
    }

    private static void dump(JenkinsRule rule, String file) throws Exception {
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class).dumpHeap(file, true);
    }
}
