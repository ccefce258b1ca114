package io.jenkins.plugins.vcftoken.store;

import static io.jenkins.plugins.vcftoken.JenkinsAndSimulator.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.ExtensionList;
import hudson.security.Permission;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.JenkinsSharedTestBase;
import io.jenkins.plugins.vcftoken.JenkinsSingleCredentialProvider;
import io.jenkins.plugins.vcftoken.MutableClock;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.jvnet.hudson.test.TestExtension;
import org.springframework.security.core.Authentication;

/** Write-back into stores of other plugins, such as those of an external vault. */
class ForeignStoreJenkinsTest extends JenkinsSharedTestBase {

    private TestVault vault;
    private RecordingLogHandler log;

    @BeforeEach
    void prepare() throws Exception {
        vault = ExtensionList.lookupSingleton(TestVault.class);
        vault.context = jenkins.jenkins;
        vault.updates.set(0);
        vault.beforeUpdate = () -> {};
        log = new RecordingLogHandler();
    }

    @AfterEach
    void stop() {
        log.close();
        vault.credential = null;
        fixture.assertNoTokenLostOrReused();
    }

    @ParameterizedTest
    @CsvSource({"UNSUPPORTED, 1", "NO, 1", "FORBIDDEN, 0"})
    void writeBack_intoAReadOnlyStore_isAttemptedAndLoggedOnce(Answer answer, int updates) throws Exception {
        // Another ID for each answer, since rejections are cached by location.
        String id = "read-only-" + answer;
        simulator.setLifetime(JenkinsAndSimulator.SHORT);
        vault.answer = answer;
        vault.credential = fixture.account(id, simulator.addAccount("ci", "acme"));
        WorkflowJob job = fixture.job(jenkins.jenkins, id, id);
        fixture.build(job);
        await("it is logged", () -> log.readOnlyMessages(id) == 1);
        for (int i = 0; i < 2; i++) {
            fixture.sleepUntilRenewalIsDue();
            fixture.build(job);
        }
        awaitWriteBacks();
        assertThat(simulator.rotations()).isGreaterThanOrEqualTo(3);
        assertThat(vault.updates).hasValue(updates);
        assertThat(log.readOnlyMessages(id)).isEqualTo(1);
    }

    /** A user stores another token between reading and writing. */
    @Test
    void writeBack_afterAConcurrentChange_keepsIt() throws Exception {
        vault.answer = Answer.NO;
        vault.credential = fixture.account("raced", simulator.addAccount("ci", "acme"));
        String newToken = simulator.addAccount("other", "acme");
        vault.beforeUpdate = () -> vault.credential = fixture.account("raced", newToken);
        VcfTokenService.get().issueWithoutLease(vault.credential);
        await("the update was attempted", () -> vault.updates.get() == 1);
        awaitWriteBacks();
        assertThat(vault.updates).as("the other token is kept").hasValue(1);
        assertThat(vault.credential.getRefreshToken().getPlainText()).isEqualTo(newToken);
        assertThat(log.readOnlyMessages("raced")).isZero();
    }

    @Test
    void writeBack_intoTheSystemStore_worksAfterAVaultRefusedTheSameId() throws Exception {
        vault.answer = Answer.FORBIDDEN;
        vault.credential = fixture.account("again", simulator.addAccount("vaulted", "acme"));
        VcfTokenService.get().issueWithoutLease(vault.credential);
        await("it is logged", () -> log.readOnlyMessages("again") == 1);
        vault.credential = null;
        VcfaServiceAccount own = fixture.account("again", simulator.addAccount("ci", "acme"));
        fixture.addToSystem(own);
        VcfTokenService.get().issueWithoutLease(own);
        fixture.awaitInSystem("again");
    }

    /** An administrator can make a store writable without restarting Jenkins. */
    @Test
    void writeBack_intoAReadOnlyStore_isRetriedAfterTenMinutes() throws Exception {
        MutableClock clock = new MutableClock();
        CredentialLocator locator = new CredentialLocator(Optional::empty, clock);
        vault.answer = Answer.UNSUPPORTED;
        String initialToken = simulator.addAccount("ci", "acme");
        vault.credential = fixture.account("reopened", initialToken);
        StoreCredentialWriter writer = locator.find(vault.credential, null).orElseThrow();
        LocatedCredential stored = CredentialScanner.visibleIn(jenkins.jenkins).stream()
                .filter(found -> found.credential() == vault.credential)
                .findFirst()
                .orElseThrow();
        for (int i = 0; i < 3; i++) {
            writer.writeBack(initialToken::equals, "rotated", false);
        }
        assertThat(vault.updates).hasValue(1);
        assertThat(locator.isReadOnly(stored)).isTrue();
        clock.advance(ReadOnlyStoreTracker.RETRY_AFTER);
        assertThat(locator.isReadOnly(stored)).as("until a write succeeds").isTrue();
        writer.writeBack(initialToken::equals, "rotated", false);
        assertThat(vault.updates).hasValue(2);
        assertThat(log.readOnlyMessages("reopened")).isEqualTo(1);

        vault.answer = Answer.YES;
        writer.writeBack(initialToken::equals, "rotated", false);
        assertThat(vault.updates).hasValue(2);
        clock.advance(ReadOnlyStoreTracker.RETRY_AFTER);
        writer.writeBack(initialToken::equals, "rotated", false);
        assertThat(vault.updates).hasValue(3);
        assertThat(locator.isReadOnly(stored)).isFalse();
    }

    /** Write-backs run in order, so all earlier ones are done after a new one. */
    private void awaitWriteBacks() throws Exception {
        String id = "last-" + System.nanoTime();
        VcfaServiceAccount last = fixture.account(id, simulator.addAccount(id, "acme"));
        fixture.addToSystem(last);
        VcfTokenService.get().issueWithoutLease(last);
        await(
                "the last token is stored",
                () -> SystemCredentialsProvider.getInstance().getCredentials().stream()
                        .map(VcfaServiceAccount.class::cast)
                        .anyMatch(credential -> credential.getId().equals(id)
                                && credential.getRefreshToken().getPlainText().equals(simulator.currentToken(id))));
    }

    private enum Answer {
        FORBIDDEN,
        UNSUPPORTED,
        NO,
        YES
    }

    private static final class RecordingLogHandler extends Handler {

        private final Logger logger = Logger.getLogger(StoreCredentialWriter.class.getName());
        private final List<String> messages = new CopyOnWriteArrayList<>();

        RecordingLogHandler() {
            logger.addHandler(this);
        }

        long readOnlyMessages(String id) {
            return messages.stream()
                    .filter(message -> message.contains("‘" + id + "’ is in a store that cannot be written"))
                    .count();
        }

        @Override
        public void publish(LogRecord entry) {
            messages.add(entry.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {
            logger.removeHandler(this);
        }
    }

    @TestExtension
    public static final class TestVault extends JenkinsSingleCredentialProvider {

        final AtomicInteger updates = new AtomicInteger();
        volatile Answer answer = Answer.FORBIDDEN;
        volatile Runnable beforeUpdate = () -> {};

        @Override
        protected boolean isAllowed(Authentication who, Permission permission) {
            return permission == CredentialsProvider.VIEW
                    || permission == CredentialsProvider.UPDATE && answer != Answer.FORBIDDEN;
        }

        @Override
        protected boolean update() {
            updates.incrementAndGet();
            beforeUpdate.run();
            if (answer == Answer.UNSUPPORTED) {
                throw new UnsupportedOperationException();
            }
            return answer == Answer.YES;
        }
    }
}
