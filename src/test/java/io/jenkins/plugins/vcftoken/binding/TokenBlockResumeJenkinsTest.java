package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import com.cloudbees.plugins.credentials.common.IdCredentials;
import com.cloudbees.plugins.credentials.domains.DomainRequirement;
import hudson.model.Item;
import hudson.model.ItemGroup;
import hudson.model.ModelObject;
import hudson.model.Result;
import io.jenkins.plugins.vcftoken.JenkinsAccount;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import jenkins.model.Jenkins;
import jenkins.security.QueueItemAuthenticator;
import jenkins.security.QueueItemAuthenticatorProvider;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.TestExtension;
import org.jvnet.hudson.test.junit.jupiter.JenkinsSessionExtension;
import org.springframework.security.core.Authentication;

/** Blocks that Jenkins resumes while their credentials cannot be found, or only slowly. */
class TokenBlockResumeJenkinsTest {

    /** Jobs with a credential lookup that throws an exception. */
    private static final Set<String> FAILING_LOOKUPS = ConcurrentHashMap.newKeySet();

    /** Jobs with a credential lookup that blocks. */
    private static final Set<String> BLOCKED_LOOKUPS = ConcurrentHashMap.newKeySet();

    /** Jobs with a lookup of credential stores that blocks. */
    private static final Set<String> BLOCKED_STORE_LOOKUPS = ConcurrentHashMap.newKeySet();

    /** Number of credential lookups by job. */
    private static final Map<String, Integer> LOOKUP_COUNTS = new ConcurrentHashMap<>();

    /** Blocked thread by job. */
    private static final Map<String, Thread> BLOCKED_THREADS = new ConcurrentHashMap<>();

    @RegisterExtension
    private final JenkinsSessionExtension sessions = new JenkinsSessionExtension();

    @TempDir
    private Path disk;

    @Test
    void resumedBlocks_withFailedOrSlowLookups_restoreTheirLeases() throws Throwable {
        try (Simulator simulator = Simulator.start()) {
            sessions.then(rule -> {
                rule.jenkins.setNumExecutors(4);
                for (String id : List.of("sealed", "gone", "fresh")) {
                    JenkinsAccount.add(simulator, id);
                }
                JenkinsAccount.trust(simulator.authorityPem());
                WorkflowRun sealed = start(rule, "sealed", refreshScript("sealed"));
                WorkflowRun gone = start(rule, "gone", refreshScript("gone"));
                rule.waitForMessage("ready", sealed);
                rule.waitForMessage("ready", gone);
                // Jenkins stops while one step looks up its credential, and another one the store of its credential.
                BLOCKED_LOOKUPS.add("finding");
                start(rule, "finding", shortScript("fresh"));
                BLOCKED_STORE_LOOKUPS.add("opening");
                start(rule, "opening", shortScript("fresh"));
                JenkinsAndSimulator.await("the credential lookup blocks", () -> BLOCKED_THREADS.containsKey("finding"));
                JenkinsAndSimulator.await("the store lookup blocks", () -> BLOCKED_THREADS.containsKey("opening"));
                SystemCredentialsProvider.getInstance()
                        .getCredentials()
                        .removeIf(known -> ((IdCredentials) known).getId().equals("gone"));
                SystemCredentialsProvider.getInstance().save();
                FAILING_LOOKUPS.add("sealed");
                LOOKUP_COUNTS.clear();
            });
            BLOCKED_LOOKUPS.remove("finding");
            BLOCKED_STORE_LOOKUPS.remove("opening");
            sessions.then(rule -> {
                WorkflowRun sealed = findRun(rule, "sealed");
                WorkflowRun gone = findRun(rule, "gone");
                rule.waitForMessage("the vault is sealed", sealed);
                rule.waitForMessage("No credential with the ID ‘gone’", gone);
                rule.waitForMessage("block has a token", findRun(rule, "finding"));
                rule.waitForMessage("block has a token", findRun(rule, "opening"));
                gone.getExecution().interrupt(Result.ABORTED);
                rule.assertBuildStatus(Result.ABORTED, rule.waitForCompletion(gone));
                int lookupsOfGone = LOOKUP_COUNTS.get("gone");

                // Steps continue with the token that they have, and do not wait for the retry.
                BLOCKED_LOOKUPS.add("sealed");
                JenkinsAndSimulator.await("the retry blocks", () -> BLOCKED_THREADS.containsKey("sealed"));
                Files.writeString(disk.resolve("go"), "");
                rule.waitForMessage("past", sealed);
                rule.assertLogContains("this block has no lease since Jenkins was restarted", sealed);
                BLOCKED_LOOKUPS.remove("sealed");
                JenkinsAndSimulator.await("another retry", () -> LOOKUP_COUNTS.get("sealed") > 2);
                assertThat(VcfTokenService.get().openLeases()).isEmpty();
                FAILING_LOOKUPS.clear();
                JenkinsAndSimulator.await(
                        "the lease is restored",
                        () -> VcfTokenService.get().openLeases().stream()
                                .anyMatch(lease ->
                                        lease.location().credentialsId().equals("sealed")));
                // The steps that started again have closed their leases, including those from before the restart.
                assertThat(VcfTokenService.get().openLeases())
                        .extracting(lease -> lease.location().credentialsId())
                        .containsExactly("sealed");
                Files.writeString(disk.resolve("on"), "");
                rule.assertBuildStatusSuccess(rule.waitForCompletion(sealed));
                assertThat(JenkinsRule.getLog(sealed)).containsOnlyOnce("the vault is sealed");
                assertThat(LOOKUP_COUNTS).containsEntry("gone", lookupsOfGone);
                for (String job : List.of("finding", "opening")) {
                    WorkflowRun run = rule.assertBuildStatusSuccess(rule.waitForCompletion(findRun(rule, job)));
                    assertThat(JenkinsRule.getLog(run))
                            .containsOnlyOnce("block has a token")
                            .doesNotContain("Exception", "cannot be resumed");
                }
                assertThat(VcfTokenService.get().openLeases()).isEmpty();
            });
            assertThat(simulator.served()).isEqualTo(1);
            assertThat(simulator.unauthorized()).isZero();
            assertThat(simulator.grants()).isEqualTo(3);
        } finally {
            BLOCKED_LOOKUPS.clear();
            BLOCKED_STORE_LOOKUPS.clear();
            BLOCKED_THREADS.values().forEach(Thread::interrupt);
        }
    }

    private String refreshScript(String id) {
        return "node { withVcfToken(credentialsId: '" + id + "') {\n  echo 'ready'\n" + waitForFile("go")
                + "  try { vcfTokenRefresh() } catch (e) { echo \"refresh: $e.message\" }\n"
                + "  sh 'true'\n  sh 'true'\n  sh 'true'\n  echo 'past'\n" + waitForFile("on")
                + "  sh 'curl --fail --silent -H \"Authorization: Bearer $VCF_TOKEN\""
                + " $VCF_URL/deployment/api/deployments'\n} }";
    }

    private String shortScript(String id) {
        return "withVcfToken(credentialsId: '" + id
                + "') { echo \"block has a ${env.VCF_TOKEN ? 'token' : 'null'}\" }\n" + waitForFile("on");
    }

    /**
     * Waits without a process. Both sessions run in one JVM, so a process watcher of the first session could consume
     * the exit status before the second one reads it.
     */
    private String waitForFile(String file) {
        return "while (!new File('" + disk.resolve(file) + "').exists()) { sleep 1 }\n";
    }

    private static WorkflowRun start(JenkinsRule rule, String name, String script) throws Exception {
        WorkflowJob job = rule.createProject(WorkflowJob.class, name);
        job.setDefinition(new CpsFlowDefinition(script, false));
        return job.scheduleBuild2(0).waitForStart();
    }

    private static WorkflowRun findRun(JenkinsRule rule, String job) {
        return rule.jenkins.getItemByFullName(job, WorkflowJob.class).getBuildByNumber(1);
    }

    private static void onLookup(String job) {
        LOOKUP_COUNTS.merge(job, 1, Integer::sum);
        waitWhile(BLOCKED_LOOKUPS, job);
        if (FAILING_LOOKUPS.contains(job)) {
            throw new IllegalStateException("the vault is sealed");
        }
    }

    /** Blocks threads of an earlier session until the test ends: they would continue with the next Jenkins. */
    private static void waitWhile(Set<String> blocked, String job) {
        Jenkins session = Jenkins.get();
        while (blocked.contains(job) || Jenkins.getInstanceOrNull() != session) {
            BLOCKED_THREADS.put(job, Thread.currentThread());
            try {
                Thread.sleep(50);
            } catch (InterruptedException e) {
                throw new IllegalStateException("the session has ended", e);
            }
        }
    }

    @TestExtension
    public static final class LookupHook extends QueueItemAuthenticatorProvider {
        @Override
        public List<QueueItemAuthenticator> getAuthenticators() {
            return List.of(new JenkinsCredentialLookupHook(TokenBlockResumeJenkinsTest::onLookup));
        }
    }

    /** Provides no credentials, and blocks lookups of stores. */
    @TestExtension
    public static final class BlockingCredentialsProvider extends CredentialsProvider {
        @Override
        public <C extends Credentials> List<C> getCredentialsInItemGroup(
                Class<C> type, ItemGroup group, Authentication authentication, List<DomainRequirement> requirements) {
            return List.of();
        }

        @Override
        public CredentialsStore getStore(ModelObject object) {
            if (object instanceof Item item) {
                waitWhile(BLOCKED_STORE_LOOKUPS, item.getName());
            }
            return null;
        }
    }
}
