package io.jenkins.plugins.vcftoken.store;

import static io.jenkins.plugins.vcftoken.JenkinsAndSimulator.await;
import static io.jenkins.plugins.vcftoken.JenkinsAndSimulator.tokenIn;
import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.plugins.credentials.Credentials;
import com.cloudbees.plugins.credentials.CredentialsMatchers;
import com.cloudbees.plugins.credentials.CredentialsParameterDefinition;
import com.cloudbees.plugins.credentials.CredentialsParameterValue;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.CredentialsStore;
import com.cloudbees.plugins.credentials.CredentialsUseListener;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import com.cloudbees.plugins.credentials.domains.Domain;
import com.cloudbees.plugins.credentials.domains.DomainRequirement;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.BulkChange;
import hudson.ExtensionList;
import hudson.XmlFile;
import hudson.model.Cause;
import hudson.model.CauseAction;
import hudson.model.Fingerprint;
import hudson.model.Item;
import hudson.model.ItemGroup;
import hudson.model.ModelObject;
import hudson.model.Node;
import hudson.model.ParametersAction;
import hudson.model.ParametersDefinitionProperty;
import hudson.model.Result;
import hudson.model.Run;
import hudson.model.Saveable;
import hudson.model.User;
import hudson.model.listeners.SaveableListener;
import hudson.security.ACL;
import hudson.security.ACLContext;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.TestExtension;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;
import org.springframework.security.core.Authentication;

@WithJenkins
class StoreCredentialWriterJenkinsTest {

    private JenkinsRule jenkins;
    private JenkinsAndSimulator both;

    @AutoClose
    private final Simulator simulator = Simulator.start();

    @BeforeEach
    void start(JenkinsRule rule) throws Exception {
        jenkins = rule;
        simulator.setLifetime(JenkinsAndSimulator.SHORT);
        both = new JenkinsAndSimulator(rule, simulator);
    }

    @AfterEach
    void stop() {
        both.assertNothingLostOrSpentTwice();
    }

    @Test
    void folderOfAnyDepth() throws Exception {
        Folder outer = jenkins.createProject(Folder.class, "outer");
        Folder inner = outer.createProject(Folder.class, "inner");
        Folder deepest = inner.createProject(Folder.class, "deepest");
        storeOf(inner).addCredentials(Domain.global(), both.account("sa", simulator.addAccount("ci", "acme")));
        WorkflowJob job = both.job(deepest, "job", "sa");
        for (int i = 0; i < 3; i++) {
            both.build(job);
            both.awaitOnDisk(new File(inner.getRootDir(), "config.xml"), "sa");
            both.letTheAccessTokenAge();
        }
        assertThat(simulator.rotations()).isGreaterThanOrEqualTo(3);
    }

    @Test
    void theNearestOfTwoWithOneIdIsTheOneThatRotates() throws Exception {
        String far = simulator.addAccount("far", "acme");
        both.addToSystem(both.account("sa", far));
        Folder folder = jenkins.createProject(Folder.class, "folder");
        storeOf(folder).addCredentials(Domain.global(), both.account("sa", simulator.addAccount("ci", "acme")));
        both.build(both.job(folder, "job", "sa"));
        both.awaitOnDisk(new File(folder.getRootDir(), "config.xml"), "sa");
        assertThat(simulator.currentToken("far")).isEqualTo(far);
        assertThat(tokenIn(new File(jenkins.jenkins.getRootDir(), "credentials.xml"), "sa"))
                .isEqualTo(far);
    }

    @Test
    void aUsersOwnStoreIsWrittenAsThatUser() throws Exception {
        jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
        User alice = User.getById("alice", true);
        try (ACLContext asAlice = ACL.as2(alice.impersonate2())) {
            storeOf(alice)
                    .addCredentials(
                            Domain.global(),
                            both.account(
                                    CredentialsScope.USER,
                                    "mine",
                                    simulator.url().toString(),
                                    simulator.addAccount("ci", "acme")));
        }
        WorkflowJob job = both.job(jenkins.jenkins, "job", "${WHICH}");
        job.setDefinition(new CpsFlowDefinition("withVcfToken(credentialsId: '${WHICH}') { echo VCF_URL }", true));
        job.addProperty(new ParametersDefinitionProperty(
                new CredentialsParameterDefinition("WHICH", null, "mine", VcfaServiceAccount.class.getName(), true)));
        for (int i = 0; i < 2; i++) {
            WorkflowRun run = jenkins.assertBuildStatus(
                    Result.SUCCESS,
                    job.scheduleBuild2(
                            0,
                            new CauseAction(new Cause.UserIdCause("alice")),
                            new ParametersAction(new CredentialsParameterValue("WHICH", "mine", null))));
            SecretSweep.assertNone(simulator, run.getRootDir().toPath());
            both.awaitOnDisk(new File(alice.getUserFolder(), "config.xml"), "mine");
            both.letTheAccessTokenAge();
        }
        assertThat(simulator.rotations()).isGreaterThanOrEqualTo(2);
    }

    /** Saves of the thread with the bulk change wait for its end; the write-back does not. */
    @Test
    void aBulkChangeOfTheCallerDoesNotSwallowTheSave() throws Exception {
        both.addToSystem(both.account("sa", simulator.addAccount("ci", "acme")));
        SystemCredentialsProvider system = SystemCredentialsProvider.getInstance();
        VcfCredentials credential = (VcfCredentials) system.getCredentials().get(0);
        try (BulkChange bulk = new BulkChange(system)) {
            VcfTokenService.get().once(credential);
            both.awaitInSystem("sa");
            assertThat(BulkChange.contains(system)).isTrue();
        }
    }

    @Test
    void whatCannotBeSavedNowIsSavedByTheNextBuild() throws Exception {
        both.addToSystem(both.account("sa", simulator.addAccount("ci", "acme")));
        WorkflowJob job = both.job(jenkins.jenkins, "job", "sa");
        Path file = jenkins.jenkins.getRootDir().toPath().resolve("credentials.xml");
        Files.delete(file);
        Files.createDirectory(file);
        Files.createFile(file.resolve("in-the-way"));
        both.build(job);
        await("memory has it", () -> storedInMemory().equals(simulator.currentToken("ci")));
        Files.delete(file.resolve("in-the-way"));
        Files.delete(file);
        both.build(job);
        both.awaitInSystem("sa");
    }

    @Test
    void theAccessTokenIsOutBeforeALargeStoreIsSavedAndItIsSavedOnce() throws Exception {
        List<Credentials> many = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            many.add(new StringCredentialsImpl(CredentialsScope.GLOBAL, "other-" + i, null, Secret.fromString("x")));
        }
        SystemCredentialsProvider.getInstance().getCredentials().addAll(many);
        both.addToSystem(both.account("sa", simulator.addAccount("ci", "acme")));
        SlowSaves slow = jenkins.jenkins.getExtensionList(SlowSaves.class).get(0);
        slow.goOn = new CountDownLatch(1);
        both.build(both.job(jenkins.jenkins, "job", "sa"));
        await("the store is being saved", () -> slow.saves.get() == 1);
        assertThat(simulator.grants()).isEqualTo(1);
        slow.goOn.countDown();
        both.awaitInSystem("sa");
        assertThat(slow.saves).hasValue(1);
    }

    /** A rotation replaces the credential object, which must not cause a scan of thousands of folders. */
    @Test
    void storesAreLookedThroughForANewCredentialOnlyAndTheNearestFirst() throws Exception {
        Folder other = jenkins.createProject(Folder.class, "a-folder-that-comes-first");
        Folder folder = jenkins.createProject(Folder.class, "folder");
        storeOf(folder).addCredentials(Domain.global(), both.account("sa", simulator.addAccount("ci", "acme")));
        WorkflowJob job = both.job(folder, "job", "sa");
        CredentialLocator locator = VcfTokenService.get().locator();
        CountedLooks looks =
                jenkins.jenkins.getExtensionList(CountedLooks.class).get(0);
        VcfCredentials first = in(folder);
        looks.at.clear();
        assertThat(locator.find(first, job)).isPresent();
        assertThat(looks.at).contains(folder).doesNotContain(other);
        both.build(job);
        both.awaitOnDisk(new File(folder.getRootDir(), "config.xml"), "sa");
        VcfCredentials rotated = in(folder);
        assertThat(rotated).isNotSameAs(first);
        looks.at.clear();
        assertThat(locator.find(rotated, null)).isPresent();
        assertThat(looks.at).as("whether its folder still has that store").containsExactly(folder);
    }

    /** Renaming a folder can take long, and its listeners look credentials up. */
    @Test
    void aFolderThatIsBusyDoesNotBlockLookUpsOfTheControllersCredentials() throws Exception {
        both.addToSystem(both.account("other", simulator.addAccount("other", "acme")));
        Folder folder = jenkins.createProject(Folder.class, "folder");
        storeOf(folder).addCredentials(Domain.global(), both.account("sa", simulator.addAccount("ci", "acme")));
        ExecutorService others = Executors.newSingleThreadExecutor();
        try {
            synchronized (folder) {
                VcfTokenService.get().once(in(folder));
                await("the write-back waits for the folder", StoreCredentialWriterJenkinsTest::isWriteBackWaiting);
                Future<Credentials> found = others.submit(() -> CredentialsMatchers.firstOrNull(
                        CredentialsProvider.lookupCredentialsInItemGroup(
                                VcfaServiceAccount.class, jenkins.jenkins, ACL.SYSTEM2, List.of()),
                        CredentialsMatchers.withId("other")));
                assertThat(found.get(1, TimeUnit.SECONDS)).isNotNull();
            }
            both.awaitOnDisk(new File(folder.getRootDir(), "config.xml"), "sa");
        } finally {
            others.shutdownNow();
        }
    }

    private static boolean isWriteBackWaiting() {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(
                        thread -> thread.getName().contains("write-back") && thread.getState() == Thread.State.BLOCKED);
    }

    /** A form is saved between reading and writing. */
    @Test
    void whatIsTypedBetweenReadingAndWritingIsNotOverwritten() throws Exception {
        simulator.addAccount("ci", "acme");
        jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
        Folder folder = jenkins.createProject(Folder.class, "folder");
        User alice = User.getById("alice", true);
        for (ModelObject owner : List.of(jenkins.jenkins, folder, alice)) {
            StoreContext storeOwner = new StoreContext(owner);
            CredentialsScope scope = owner == alice ? CredentialsScope.USER : CredentialsScope.GLOBAL;
            CredentialsStore store = storeOf(owner);
            VcfaServiceAccount first = both.account(scope, "sa", "https://host", "first");
            VcfaServiceAccount typed = both.account(scope, "sa", "https://host", "typed");
            try (ACLContext as = storeOwner.impersonate()) {
                store.addCredentials(Domain.global(), first);
            }
            StoreEntry entry = new StoreEntry(storeOwner, store.getClass(), Domain.global(), "sa");
            List<String> read = new ArrayList<>();
            WriteResult outcome = entry.replace(stored -> {
                read.add(stored.storedSecret().getPlainText());
                if (stored == first) {
                    update(store, first, typed);
                    return first.withStoredSecret(Secret.fromString("rotated"));
                }
                return null;
            });
            assertThat(outcome).as(storeOwner.name()).isEqualTo(WriteResult.UNCHANGED);
            assertThat(read).containsExactly("first", "typed");
            assertThat(entry.read()).isSameAs(typed);
            assertThat(entry.replace(stored -> stored.withStoredSecret(Secret.fromString("rotated"))))
                    .isEqualTo(WriteResult.STORED);
            assertThat(entry.read().storedSecret().getPlainText()).isEqualTo("rotated");
        }
    }

    private static void update(CredentialsStore store, Credentials from, Credentials to) {
        try {
            assertThat(store.updateCredentials(Domain.global(), from, to)).isTrue();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static VcfCredentials in(Folder folder) {
        return (VcfCredentials) storeOf(folder).getCredentials(Domain.global()).get(0);
    }

    /** Whose stores were asked for. */
    @TestExtension("storesAreLookedThroughForANewCredentialOnlyAndTheNearestFirst")
    public static final class CountedLooks extends CredentialsProvider {

        final List<ModelObject> at = new CopyOnWriteArrayList<>();

        @NonNull
        @Override
        public <C extends Credentials> List<C> getCredentialsInItemGroup(
                @NonNull Class<C> type,
                ItemGroup group,
                Authentication authentication,
                @NonNull List<DomainRequirement> requirements) {
            return List.of();
        }

        @Override
        public CredentialsStore getStore(ModelObject context) {
            at.add(context);
            return null;
        }
    }

    @Test
    void oneUsageHistoryHoweverOftenItRotates() throws Exception {
        both.addToSystem(both.account("sa", simulator.addAccount("ci", "acme")));
        WorkflowJob job = both.job(jenkins.jenkins, "job", "sa");
        for (int i = 0; i < 3; i++) {
            both.build(job);
            both.awaitInSystem("sa");
            both.letTheAccessTokenAge();
        }
        Fingerprint usage = CredentialsProvider.getFingerprintOf(
                SystemCredentialsProvider.getInstance().getCredentials().get(0));
        assertThat(usage.getRangeSet(job).listNumbers()).containsExactly(1, 2, 3);
    }

    @Test
    void aLoopOfBlocksIsNotedOnceAndHeardOfEachTime() throws Exception {
        both.addToSystem(both.account("sa", simulator.addAccount("ci", "acme")));
        WorkflowJob job = jenkins.createProject(WorkflowJob.class, "job");
        job.setDefinition(
                new CpsFlowDefinition("for (int i = 0; i < 5; i++) { withVcfToken(credentialsId: 'sa') { } }", true));
        jenkins.buildAndAssertSuccess(job);
        jenkins.buildAndAssertSuccess(job);
        assertThat(ExtensionList.lookupSingleton(Usage.class).saves).hasValue(2);
        assertThat(ExtensionList.lookupSingleton(Uses.class).builds)
                .containsExactly(
                        "job#1", "job#1", "job#1", "job#1", "job#1", "job#2", "job#2", "job#2", "job#2", "job#2");
        Fingerprint usage = CredentialsProvider.getFingerprintOf(
                SystemCredentialsProvider.getInstance().getCredentials().get(0));
        assertThat(usage.getRangeSet(job).listNumbers()).containsExactly(1, 2);
    }

    @TestExtension("aLoopOfBlocksIsNotedOnceAndHeardOfEachTime")
    public static final class Usage extends SaveableListener {
        final AtomicInteger saves = new AtomicInteger();

        @Override
        public void onChange(Saveable changed, XmlFile file) {
            // The note is made, then it learns of its first build.
            if (changed instanceof Fingerprint usage && !usage.getJobs().isEmpty()) {
                saves.incrementAndGet();
            }
        }
    }

    @TestExtension("aLoopOfBlocksIsNotedOnceAndHeardOfEachTime")
    public static final class Uses implements CredentialsUseListener {
        final List<String> builds = new CopyOnWriteArrayList<>();

        @Override
        @SuppressWarnings("rawtypes") // as Jenkins declares what this overrides
        public void onUse(Credentials credentials, Run run) {
            builds.add(run.getExternalizableId());
        }

        @Override
        public void onUse(Credentials credentials, Node node) {}

        @Override
        public void onUse(Credentials credentials, Item item) {}
    }

    @Test
    void anAbortedBuildDoesNotCancelItsExchange() throws Exception {
        both.addToSystem(both.account("sa", simulator.addAccount("ci", "acme")));
        WorkflowJob job = both.job(jenkins.jenkins, "job", "sa");
        simulator.setDelay(Duration.ofSeconds(2));
        WorkflowRun run = job.scheduleBuild2(0).waitForStart();
        await("the token is on its way", () -> simulator.requests() == 1);
        run.doStop();
        jenkins.assertBuildStatus(Result.ABORTED, jenkins.waitForCompletion(run));
        await("the server grants it", () -> simulator.grants() == 1);
        both.awaitInSystem("sa");
        simulator.setLifetime(Duration.ofHours(1));
        simulator.setDelay(Duration.ZERO);
        both.build(job);
    }

    private static String storedInMemory() {
        return ((VcfaServiceAccount)
                        SystemCredentialsProvider.getInstance().getCredentials().get(0))
                .getRefreshToken()
                .getPlainText();
    }

    private static CredentialsStore storeOf(ModelObject owner) {
        for (CredentialsStore store : CredentialsProvider.lookupStores(owner)) {
            if (store.getContext() == owner) {
                return store;
            }
        }
        throw new AssertionError("no store");
    }

    /** Blocks saves of the controller's credentials. */
    @TestExtension("theAccessTokenIsOutBeforeALargeStoreIsSavedAndItIsSavedOnce")
    public static final class SlowSaves extends SaveableListener {

        final AtomicInteger saves = new AtomicInteger();
        volatile CountDownLatch goOn;

        @Override
        public void onChange(Saveable saved, XmlFile file) {
            CountDownLatch latch = goOn;
            if (latch != null && saved instanceof SystemCredentialsProvider) {
                saves.incrementAndGet();
                try {
                    latch.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }
}
