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

/** After a restart not all is as it was. */
class ResumedBlockJenkinsTest {

    /** Jobs with credentials that another plugin cannot look up now. */
    private static final Set<String> SEALED = ConcurrentHashMap.newKeySet();

    /** Jobs for which it takes its time to find a credential, or its store. */
    private static final Set<String> SLOW_TO_FIND = ConcurrentHashMap.newKeySet();

    private static final Set<String> SLOW_TO_STORE = ConcurrentHashMap.newKeySet();

    /** Of credentials, by job. */
    private static final Map<String, Integer> LOOKUPS = new ConcurrentHashMap<>();

    private static final Map<String, Thread> WAITING = new ConcurrentHashMap<>();

    @RegisterExtension
    private final JenkinsSessionExtension sessions = new JenkinsSessionExtension();

    @TempDir
    private Path disk;

    @Test
    void blocksThatDoNotHaveTheirAccessTokensBackAtOnce() throws Throwable {
        try (Simulator simulator = Simulator.start()) {
            sessions.then(rule -> {
                rule.jenkins.setNumExecutors(4);
                for (String id : List.of("sealed", "gone", "fresh")) {
                    JenkinsAccount.add(simulator, id);
                }
                JenkinsAccount.trust(simulator.authorityPem());
                WorkflowRun sealed = start(rule, "sealed", block("sealed"));
                WorkflowRun gone = start(rule, "gone", block("gone"));
                rule.waitForMessage("ready", sealed);
                rule.waitForMessage("ready", gone);
                // These two have no block yet when Jenkins goes down, and one that no step has seen the inside of.
                SLOW_TO_FIND.add("finding");
                start(rule, "finding", begins("fresh"));
                SLOW_TO_STORE.add("opening");
                start(rule, "opening", begins("fresh"));
                JenkinsAndSimulator.await("it looks for the credential", () -> WAITING.containsKey("finding"));
                JenkinsAndSimulator.await("it looks for the store", () -> WAITING.containsKey("opening"));
                SystemCredentialsProvider.getInstance()
                        .getCredentials()
                        .removeIf(known -> ((IdCredentials) known).getId().equals("gone"));
                SystemCredentialsProvider.getInstance().save();
                SEALED.add("sealed");
                LOOKUPS.clear();
            });
            SLOW_TO_FIND.remove("finding");
            SLOW_TO_STORE.remove("opening");
            sessions.then(rule -> {
                WorkflowRun sealed = run(rule, "sealed");
                WorkflowRun gone = run(rule, "gone");
                rule.waitForMessage("the vault is sealed", sealed);
                rule.waitForMessage("No credential with the ID ‘gone’", gone);
                rule.waitForMessage("begun with a token", run(rule, "finding"));
                rule.waitForMessage("begun with a token", run(rule, "opening"));
                gone.getExecution().interrupt(Result.ABORTED);
                rule.assertBuildStatus(Result.ABORTED, rule.waitForCompletion(gone));
                int lookupsOfGone = LOOKUPS.get("gone");

                // Its steps go on with what they have, and do not wait for another try that takes its time.
                SLOW_TO_FIND.add("sealed");
                JenkinsAndSimulator.await("another try", () -> WAITING.containsKey("sealed"));
                Files.writeString(disk.resolve("go"), "");
                rule.waitForMessage("past", sealed);
                rule.assertLogContains("this block has no lease since Jenkins was restarted", sealed);
                SLOW_TO_FIND.remove("sealed");
                JenkinsAndSimulator.await("a third try", () -> LOOKUPS.get("sealed") > 2);
                assertThat(VcfTokenService.get().openLeases()).isEmpty();
                SEALED.clear();
                JenkinsAndSimulator.await(
                        "the lease is back",
                        () -> VcfTokenService.get().openLeases().stream()
                                .anyMatch(lease ->
                                        lease.location().credentialsId().equals("sealed")));
                // None of the blocks that began once more is open, and none of what they had begun before.
                assertThat(VcfTokenService.get().openLeases())
                        .extracting(lease -> lease.location().credentialsId())
                        .containsExactly("sealed");
                Files.writeString(disk.resolve("on"), "");
                rule.assertBuildStatusSuccess(rule.waitForCompletion(sealed));
                assertThat(JenkinsRule.getLog(sealed)).containsOnlyOnce("the vault is sealed");
                assertThat(LOOKUPS).containsEntry("gone", lookupsOfGone);
                for (String job : List.of("finding", "opening")) {
                    WorkflowRun run = rule.assertBuildStatusSuccess(rule.waitForCompletion(run(rule, job)));
                    assertThat(JenkinsRule.getLog(run))
                            .containsOnlyOnce("begun with a token")
                            .doesNotContain("Exception", "cannot be resumed");
                }
                assertThat(VcfTokenService.get().openLeases()).isEmpty();
            });
            assertThat(simulator.served()).isEqualTo(1);
            assertThat(simulator.unauthorized()).isZero();
            assertThat(simulator.grants()).isEqualTo(3);
        } finally {
            SLOW_TO_FIND.clear();
            SLOW_TO_STORE.clear();
            WAITING.values().forEach(Thread::interrupt);
        }
    }

    private String block(String id) {
        return "node { withVcfToken(credentialsId: '" + id + "') {\n  echo 'ready'\n" + until("go")
                + "  try { vcfTokenRefresh() } catch (e) { echo \"refresh: $e.message\" }\n"
                + "  sh 'true'\n  sh 'true'\n  sh 'true'\n  echo 'past'\n" + until("on")
                + "  sh 'curl --fail --silent -H \"Authorization: Bearer $VCF_TOKEN\""
                + " $VCF_URL/deployment/api/deployments'\n} }";
    }

    private String begins(String id) {
        return "withVcfToken(credentialsId: '" + id
                + "') { echo \"begun with a ${env.VCF_TOKEN ? 'token' : 'gap'}\" }\n" + until("on");
    }

    /**
     * Waits without a process. Both sessions are of one JVM, where what watched a process for the first may take its
     * end away from the second.
     */
    private String until(String file) {
        return "while (!new File('" + disk.resolve(file) + "').exists()) { sleep 1 }\n";
    }

    private static WorkflowRun start(JenkinsRule rule, String name, String script) throws Exception {
        WorkflowJob job = rule.createProject(WorkflowJob.class, name);
        job.setDefinition(new CpsFlowDefinition(script, false));
        return job.scheduleBuild2(0).waitForStart();
    }

    private static WorkflowRun run(JenkinsRule rule, String job) {
        return rule.jenkins.getItemByFullName(job, WorkflowJob.class).getBuildByNumber(1);
    }

    private static void lookup(String job) {
        LOOKUPS.merge(job, 1, Integer::sum);
        waitWhile(SLOW_TO_FIND, job);
        if (SEALED.contains(job)) {
            throw new IllegalStateException("the vault is sealed");
        }
    }

    /** What an earlier session began goes on for as long: its Jenkins is gone, and the next one is of the same process. */
    private static void waitWhile(Set<String> slow, String job) {
        Jenkins mine = Jenkins.get();
        while (slow.contains(job) || Jenkins.getInstanceOrNull() != mine) {
            WAITING.put(job, Thread.currentThread());
            try {
                Thread.sleep(50);
            } catch (InterruptedException e) {
                throw new IllegalStateException("its Jenkins is gone", e);
            }
        }
    }

    /** Has a part in finding credentials. */
    @TestExtension
    public static final class HealthWarning extends QueueItemAuthenticatorProvider {
        @Override
        public List<QueueItemAuthenticator> getAuthenticators() {
            return List.of(new JenkinsLookup(ResumedBlockJenkinsTest::lookup));
        }
    }

    /** Has no credentials, but is asked for them. */
    @TestExtension
    public static final class Storing extends CredentialsProvider {
        @Override
        public <C extends Credentials> List<C> getCredentialsInItemGroup(
                Class<C> type, ItemGroup group, Authentication authentication, List<DomainRequirement> requirements) {
            return List.of();
        }

        @Override
        public CredentialsStore getStore(ModelObject object) {
            if (object instanceof Item item) {
                waitWhile(SLOW_TO_STORE, item.getName());
            }
            return null;
        }
    }
}
