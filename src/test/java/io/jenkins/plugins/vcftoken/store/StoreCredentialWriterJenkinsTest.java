package io.jenkins.plugins.vcftoken.store;

import static io.jenkins.plugins.vcftoken.JenkinsAccount.findStore;
import static io.jenkins.plugins.vcftoken.JenkinsAndSimulator.await;
import static io.jenkins.plugins.vcftoken.JenkinsAndSimulator.tokenIn;
import static io.jenkins.plugins.vcftoken.store.JenkinsFolderCredentials.credentialIn;
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
import io.jenkins.plugins.vcftoken.JenkinsSharedTestBase;
import io.jenkins.plugins.vcftoken.SecretSweep;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.TestExtension;
import org.springframework.security.core.Authentication;

class StoreCredentialWriterJenkinsTest extends JenkinsSharedTestBase {

    @BeforeEach
    void setShortLifetime() {
        simulator.setLifetime(JenkinsAndSimulator.SHORT);
    }

    @AfterEach
    void stop() {
        fixture.assertNoTokenLostOrReused();
    }

    private VcfaServiceAccount newCredential() {
        return fixture.account("sa", simulator.addAccount("ci", "acme"));
    }

    @Test
    void writeBack_intoANestedFolder_isSaved() throws Exception {
        Folder outer = jenkins.createProject(Folder.class, "outer");
        Folder inner = outer.createProject(Folder.class, "inner");
        Folder deepest = inner.createProject(Folder.class, "deepest");
        findStore(inner).addCredentials(Domain.global(), newCredential());
        WorkflowJob job = fixture.job(deepest, "job", "sa");
        for (int i = 0; i < 3; i++) {
            fixture.build(job);
            fixture.awaitOnDisk(new File(inner.getRootDir(), "config.xml"), "sa");
            fixture.sleepUntilRenewalIsDue();
        }
        assertThat(simulator.rotations()).isGreaterThanOrEqualTo(3);
    }

    @Test
    void build_withTwoCredentialsOfOneId_rotatesTheNearest() throws Exception {
        String far = simulator.addAccount("far", "acme");
        fixture.addToSystem(fixture.account("sa", far));
        Folder folder = jenkins.createProject(Folder.class, "folder");
        findStore(folder).addCredentials(Domain.global(), newCredential());
        fixture.build(fixture.job(folder, "job", "sa"));
        fixture.awaitOnDisk(new File(folder.getRootDir(), "config.xml"), "sa");
        assertThat(simulator.currentToken("far")).isEqualTo(far);
        assertThat(tokenIn(new File(jenkins.jenkins.getRootDir(), "credentials.xml"), "sa"))
                .isEqualTo(far);
    }

    @Test
    void writeBack_intoTheStoreOfAUser_isSaved() throws Exception {
        jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
        User alice = User.getById("alice", true);
        try (ACLContext asAlice = ACL.as2(alice.impersonate2())) {
            findStore(alice)
                    .addCredentials(
                            Domain.global(),
                            fixture.account(
                                    CredentialsScope.USER,
                                    "mine",
                                    simulator.url().toString(),
                                    simulator.addAccount("ci", "acme")));
        }
        WorkflowJob job = fixture.job(jenkins.jenkins, "job", "${WHICH}");
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
            fixture.awaitOnDisk(new File(alice.getUserFolder(), "config.xml"), "mine");
            fixture.sleepUntilRenewalIsDue();
        }
        assertThat(simulator.rotations()).isGreaterThanOrEqualTo(2);
    }

    /** A {@link BulkChange} only delays saves of its own thread. */
    @Test
    void writeBack_duringABulkChangeOfTheCaller_isSaved() throws Exception {
        fixture.addToSystem(newCredential());
        SystemCredentialsProvider system = SystemCredentialsProvider.getInstance();
        VcfCredentials credential = (VcfCredentials) system.getCredentials().get(0);
        try (BulkChange bulk = new BulkChange(system)) {
            VcfTokenService.get().issueWithoutLease(credential);
            fixture.awaitInSystem("sa");
            assertThat(BulkChange.contains(system)).isTrue();
        }
    }

    @Test
    void writeBack_thatFailed_isRepeatedByTheNextBuild() throws Exception {
        fixture.addToSystem(newCredential());
        WorkflowJob job = fixture.job(jenkins.jenkins, "job", "sa");
        Path file = jenkins.jenkins.getRootDir().toPath().resolve("credentials.xml");
        Files.delete(file);
        Files.createDirectory(file);
        Files.createFile(file.resolve("file"));
        fixture.build(job);
        await("the token is stored in memory", () -> storedInMemory().equals(simulator.currentToken("ci")));
        Files.delete(file.resolve("file"));
        Files.delete(file);
        fixture.build(job);
        fixture.awaitInSystem("sa");
    }

    @Test
    void build_duringASlowSave_completesAndTheStoreIsSavedOnce() throws Exception {
        List<Credentials> many = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            many.add(new StringCredentialsImpl(CredentialsScope.GLOBAL, "other-" + i, null, Secret.fromString("x")));
        }
        SystemCredentialsProvider.getInstance().getCredentials().addAll(many);
        fixture.addToSystem(newCredential());
        BlockedSaves blocked =
                jenkins.jenkins.getExtensionList(BlockedSaves.class).get(0);
        blocked.released = new CountDownLatch(1);
        fixture.build(fixture.job(jenkins.jenkins, "job", "sa"));
        await("the store is being saved", () -> blocked.saves.get() == 1);
        assertThat(simulator.grants()).isEqualTo(1);
        blocked.released.countDown();
        fixture.awaitInSystem("sa");
        blocked.released = null;
        assertThat(blocked.saves).hasValue(1);
    }

    /** A rotation replaces the credential object, which must not cause a scan of all folders. */
    @Test
    void find_scansForNewCredentialsOnly_startingAtTheJob() throws Exception {
        Folder other = jenkins.createProject(Folder.class, "a-first-folder");
        Folder folder = jenkins.createProject(Folder.class, "folder");
        findStore(folder).addCredentials(Domain.global(), newCredential());
        WorkflowJob job = fixture.job(folder, "job", "sa");
        CredentialLocator locator = VcfTokenService.get().locator();
        StoreLookups lookups =
                jenkins.jenkins.getExtensionList(StoreLookups.class).get(0);
        VcfCredentials first = credentialIn(folder);
        lookups.contexts.clear();
        assertThat(locator.find(first, job)).isPresent();
        assertThat(lookups.contexts).contains(folder).doesNotContain(other);
        fixture.build(job);
        fixture.awaitOnDisk(new File(folder.getRootDir(), "config.xml"), "sa");
        VcfCredentials rotated = credentialIn(folder);
        assertThat(rotated).isNotSameAs(first);
        lookups.contexts.clear();
        assertThat(locator.find(rotated, null)).isPresent();
        // The look-up ends at the store of the folder, before or after the provider of this test.
        assertThat(lookups.contexts).as("only the known folder").isSubsetOf(folder);
    }

    /** Renaming a folder holds its lock, and listeners look up credentials. */
    @Test
    void lookup_whileAWriteBackWaitsForAFolder_isNotBlocked() throws Exception {
        fixture.addToSystem(fixture.account("other", simulator.addAccount("other", "acme")));
        Folder folder = jenkins.createProject(Folder.class, "folder");
        findStore(folder).addCredentials(Domain.global(), newCredential());
        ExecutorService executor = Executors.newSingleThreadExecutor();
        try {
            synchronized (folder) {
                VcfTokenService.get().issueWithoutLease(credentialIn(folder));
                await("the write-back waits for the folder", StoreCredentialWriterJenkinsTest::isWriteBackWaiting);
                Future<Credentials> found = executor.submit(() -> CredentialsMatchers.firstOrNull(
                        CredentialsProvider.lookupCredentialsInItemGroup(
                                VcfaServiceAccount.class, jenkins.jenkins, ACL.SYSTEM2, List.of()),
                        CredentialsMatchers.withId("other")));
                assertThat(found.get(1, TimeUnit.SECONDS)).isNotNull();
            }
            fixture.awaitOnDisk(new File(folder.getRootDir(), "config.xml"), "sa");
        } finally {
            executor.shutdownNow();
        }
    }

    private static boolean isWriteBackWaiting() {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(
                        thread -> thread.getName().contains("write-back") && thread.getState() == Thread.State.BLOCKED);
    }

    /** For example by a form that is saved between reading and writing. */
    @Test
    void replace_afterAConcurrentChange_keepsIt() throws Exception {
        simulator.addAccount("ci", "acme");
        jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
        Folder folder = jenkins.createProject(Folder.class, "folder");
        User alice = User.getById("alice", true);
        for (ModelObject owner : List.of(jenkins.jenkins, folder, alice)) {
            StoreContext storeOwner = new StoreContext(owner);
            CredentialsScope scope = owner == alice ? CredentialsScope.USER : CredentialsScope.GLOBAL;
            CredentialsStore store = findStore(owner);
            VcfaServiceAccount first = fixture.account(scope, "sa", "https://host", "first");
            VcfaServiceAccount replacement = fixture.account(scope, "sa", "https://host", "replacement");
            try (ACLContext as = storeOwner.impersonate()) {
                store.addCredentials(Domain.global(), first);
            }
            StoredCredentialReference reference =
                    new StoredCredentialReference(storeOwner, store.getClass(), Domain.global(), "sa");
            List<String> read = new ArrayList<>();
            WriteResult result = reference.replace(stored -> {
                read.add(stored.storedSecret().getPlainText());
                if (stored == first) {
                    update(store, first, replacement);
                    return first.withStoredSecret(Secret.fromString("rotated"));
                }
                return null;
            });
            assertThat(result).as(storeOwner.name()).isEqualTo(WriteResult.UNCHANGED);
            assertThat(read).containsExactly("first", "replacement");
            assertThat(reference.read()).isSameAs(replacement);
            assertThat(reference.replace(stored -> stored.withStoredSecret(Secret.fromString("rotated"))))
                    .isEqualTo(WriteResult.STORED);
            assertThat(reference.read().storedSecret().getPlainText()).isEqualTo("rotated");
        }
    }

    private static void update(CredentialsStore store, Credentials from, Credentials to) {
        try {
            assertThat(store.updateCredentials(Domain.global(), from, to)).isTrue();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Records the contexts for which stores are looked up. */
    @TestExtension
    public static final class StoreLookups extends CredentialsProvider {

        final List<ModelObject> contexts = new CopyOnWriteArrayList<>();

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
            contexts.add(context);
            return null;
        }
    }

    @Test
    void fingerprint_afterRotations_isTheSame() throws Exception {
        fixture.addToSystem(fixture.account("used-by-job", simulator.addAccount("ci", "acme")));
        WorkflowJob job = fixture.job(jenkins.jenkins, "job", "used-by-job");
        for (int i = 0; i < 3; i++) {
            fixture.build(job);
            fixture.awaitInSystem("used-by-job");
            fixture.sleepUntilRenewalIsDue();
        }
        Fingerprint usage = CredentialsProvider.getFingerprintOf(
                SystemCredentialsProvider.getInstance().getCredentials().get(0));
        assertThat(usage.getRangeSet(job).listNumbers()).containsExactly(1, 2, 3);
    }

    @Test
    void usage_ofALoopOfBlocks_isSavedOncePerBuild() throws Exception {
        fixture.addToSystem(fixture.account("used-by-loop", simulator.addAccount("ci", "acme")));
        WorkflowJob job = jenkins.createProject(WorkflowJob.class, "loop");
        job.setDefinition(new CpsFlowDefinition(
                "for (int i = 0; i < 5; i++) { withVcfToken(credentialsId: 'used-by-loop') { } }", true));
        ExtensionList.lookupSingleton(FingerprintSaves.class).saves.set(0);
        ExtensionList.lookupSingleton(CredentialUses.class).builds.clear();
        jenkins.buildAndAssertSuccess(job);
        jenkins.buildAndAssertSuccess(job);
        assertThat(ExtensionList.lookupSingleton(FingerprintSaves.class).saves).hasValue(2);
        assertThat(ExtensionList.lookupSingleton(CredentialUses.class).builds)
                .containsExactly(
                        "loop#1", "loop#1", "loop#1", "loop#1", "loop#1", "loop#2", "loop#2", "loop#2", "loop#2",
                        "loop#2");
        Fingerprint usage = CredentialsProvider.getFingerprintOf(
                SystemCredentialsProvider.getInstance().getCredentials().get(0));
        assertThat(usage.getRangeSet(job).listNumbers()).containsExactly(1, 2);
    }

    @TestExtension
    public static final class FingerprintSaves extends SaveableListener {
        final AtomicInteger saves = new AtomicInteger();

        @Override
        public void onChange(Saveable changed, XmlFile file) {
            // A new fingerprint is saved before its first build is added.
            if (changed instanceof Fingerprint usage && !usage.getJobs().isEmpty()) {
                saves.incrementAndGet();
            }
        }
    }

    @TestExtension
    public static final class CredentialUses implements CredentialsUseListener {
        final List<String> builds = new CopyOnWriteArrayList<>();

        @Override
        @SuppressWarnings("rawtypes") // raw type in the overridden method
        public void onUse(Credentials credentials, Run run) {
            builds.add(run.getExternalizableId());
        }

        @Override
        public void onUse(Credentials credentials, Node node) {}

        @Override
        public void onUse(Credentials credentials, Item item) {}
    }

    @Test
    void abortedBuild_doesNotCancelItsRequest() throws Exception {
        fixture.addToSystem(newCredential());
        WorkflowJob job = fixture.job(jenkins.jenkins, "job", "sa");
        simulator.setDelay(Duration.ofSeconds(2));
        WorkflowRun run = job.scheduleBuild2(0).waitForStart();
        await("the request is running", () -> simulator.requests() == 1);
        run.doStop();
        jenkins.assertBuildStatus(Result.ABORTED, jenkins.waitForCompletion(run));
        await("the server grants it", () -> simulator.grants() == 1);
        fixture.awaitInSystem("sa");
        simulator.setLifetime(Duration.ofHours(1));
        simulator.setDelay(Duration.ZERO);
        fixture.build(job);
    }

    private static String storedInMemory() {
        return ((VcfaServiceAccount)
                        SystemCredentialsProvider.getInstance().getCredentials().get(0))
                .getRefreshToken()
                .getPlainText();
    }

    /** Blocks saves of the system store. */
    @TestExtension
    public static final class BlockedSaves extends SaveableListener {

        final AtomicInteger saves = new AtomicInteger();
        volatile CountDownLatch released;

        @Override
        public void onChange(Saveable saved, XmlFile file) {
            CountDownLatch latch = released;
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
