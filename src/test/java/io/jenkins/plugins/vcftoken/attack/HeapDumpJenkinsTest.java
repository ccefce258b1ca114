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
 * Attack: a heap dump of the controller. It may only contain the tokens that the next block needs, and no tokens of
 * closed blocks. The simulator runs in another process and is not in the dump.
 */
class HeapDumpJenkinsTest {

    /** Shell script that waits for the renewal of the access token. */
    private static final String AWAIT_RENEWAL =
            "first=$(cat \"$F\"); while [ \"$(cat \"$F\")\" = \"$first\" ]; do sleep 0.2; done";

    @RegisterExtension
    private final RealJenkinsExtension controller = new RealJenkinsExtension();

    @TempDir
    private Path disk;

    @Test
    void heapDump_afterBlocksHaveClosed_hasNoUnusedTokens() throws Throwable {
        try (Simulator simulator = Simulator.start()) {
            simulator.setLifetime(Duration.ofSeconds(3));
            simulator.devices().setInterval(Duration.ofSeconds(1));
            // Not a constant, because the controller also loads this class.
            String replaced = "stored-before-" + UUID.randomUUID();
            String clientId = simulator.devices().addAccount("device", "acme");
            controller.startJenkins();
            String url = simulator.url().toString();
            controller.runRemotely(
                    HeapDumpJenkinsTest::build, url, simulator.authorityPem(), simulator.addAccount("ci", "acme"));
            String formerApiToken = "api-token-of-before-" + UUID.randomUUID();
            String apiToken = "api-token-of-now-" + UUID.randomUUID();
            for (String token : List.of(formerApiToken, apiToken)) {
                simulator.cloudServices().addApiToken(token, Instant.parse("2099-01-01T00:00:00Z"));
            }
            controller.runRemotely(
                    HeapDumpJenkinsTest::replaceApiToken, url, simulator.authorityPem(), formerApiToken, apiToken);
            controller.runRemotely(HeapDumpJenkinsTest::authorize, url, simulator.authorityPem(), clientId, replaced);
            simulator.devices().decide(simulator.devices().lastUserCode(), true);
            controller.runRemotely(HeapDumpJenkinsTest::awaitAuthorization);

            List<String> replacedSecrets = List.of(replaced, formerApiToken);
            Set<String> remaining = findUnusedSecrets(simulator, replacedSecrets);
            long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
            // Ended processes and pending finalizers keep some objects reachable for a short time.
            while (!remaining.equals(Set.of("the cached access token")) && System.nanoTime() < deadline) {
                Thread.sleep(1_000);
                remaining = findUnusedSecrets(simulator, replacedSecrets);
            }
            assertThat(remaining).containsExactly("the cached access token");
            controller.stopJenkins();
        }
    }

    /**
     * @return secrets in the heap that were issued or replaced, except those that the index of the ledger and the
     *     credentials store contain
     */
    private Set<String> findUnusedSecrets(Simulator simulator, List<String> replacedSecrets) throws Throwable {
        Path dump = disk.resolve("heap.hprof");
        controller.runRemotely(HeapDumpJenkinsTest::dump, dump.toString());
        List<String> secrets = new ArrayList<>(simulator.refreshTokens());
        secrets.addAll(simulator.accessTokens());
        secrets.removeIf(secret -> secret.startsWith("api-token-of-now-"));
        secrets.addAll(replacedSecrets);
        secrets.removeAll(Set.of(
                findNewestAccessToken(simulator, "device"),
                findNewestAccessToken(simulator, "person"),
                simulator.currentToken("ci"),
                simulator.currentToken("device")));
        assertThat(secrets).hasSizeGreaterThan(5);
        Set<String> remaining = HeapDump.find(dump, secrets);
        Files.delete(dump);
        if (remaining.remove(findNewestAccessToken(simulator, "ci"))) {
            // The next block may use it. It also verifies that the search works.
            remaining.add("the cached access token");
        }
        return remaining;
    }

    private static String findNewestAccessToken(Simulator simulator, String user) {
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
                "node { withVcfToken(credentialsId: 'sa', bindings: [tokenFile('F')]) { sh '''" + AWAIT_RENEWAL
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
        freestyle.getBuildersList().add(new Shell(AWAIT_RENEWAL));
        rule.buildAndAssertSuccess(freestyle);
    }

    /** Replaces the API token after a block has used the first one. */
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
