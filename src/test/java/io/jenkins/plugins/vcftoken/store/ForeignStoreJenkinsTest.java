package io.jenkins.plugins.vcftoken.store;

import static io.jenkins.plugins.vcftoken.JenkinsAndSimulator.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.ExtensionList;
import hudson.security.Permission;
import io.jenkins.plugins.vcftoken.JenkinsAndSimulator;
import io.jenkins.plugins.vcftoken.JenkinsVault;
import io.jenkins.plugins.vcftoken.MutableClock;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.TestExtension;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;
import org.springframework.security.core.Authentication;

/** Stores of other plugins, such as those that show the content of an external vault. */
@WithJenkins
class ForeignStoreJenkinsTest {

    private static JenkinsRule jenkins;

    private JenkinsAndSimulator both;

    @AutoClose
    private final Simulator simulator = Simulator.start();

    private TokenSink vault;
    private Logged logged;

    @BeforeAll
    static void start(JenkinsRule rule) {
        jenkins = rule;
    }

    @BeforeEach
    void startSimulator() throws Exception {
        both = new JenkinsAndSimulator(jenkins, simulator);
        vault = ExtensionList.lookupSingleton(TokenSink.class);
        vault.context = jenkins.jenkins;
        vault.updates.set(0);
        vault.beforeUpdate = () -> {};
        logged = new Logged();
    }

    @AfterEach
    void stop() {
        logged.close();
        vault.credential = null;
        both.assertNothingLostOrSpentTwice();
    }

    @Test
    void aStoreThatRefusesUpdatesIsTriedOnceAndItIsSaidOnce() throws Exception {
        isTried(1, "unsupported", Answer.UNSUPPORTED);
    }

    @Test
    void aStoreThatSaysNoIsTriedOnceAndItIsSaidOnce() throws Exception {
        isTried(1, "refusing", Answer.NO);
    }

    @Test
    void aStoreThatIsForReadersIsNotTriedAndItIsSaidOnce() throws Exception {
        isTried(0, "readers", Answer.FORBIDDEN);
    }

    private void isTried(int times, String id, Answer answer) throws Exception {
        simulator.setLifetime(JenkinsAndSimulator.SHORT);
        vault.answer = answer;
        vault.credential = both.account(id, simulator.addAccount("ci", "acme"));
        WorkflowJob job = both.job(jenkins.jenkins, id, id);
        both.build(job);
        await("it is said", () -> logged.of(id) == 1);
        for (int i = 0; i < 2; i++) {
            both.letTheAccessTokenAge();
            both.build(job);
        }
        awaitWriteBacks();
        assertThat(simulator.rotations()).isGreaterThanOrEqualTo(3);
        assertThat(vault.updates).hasValue(times);
        assertThat(logged.of(id)).isEqualTo(1);
    }

    /** A person stores another token between reading and writing. */
    @Test
    void aStoreThatHasChangedInBetweenIsLookedAtAgain() throws Exception {
        vault.answer = Answer.NO;
        vault.credential = both.account("raced", simulator.addAccount("ci", "acme"));
        String typed = simulator.addAccount("other", "acme");
        vault.beforeUpdate = () -> vault.credential = both.account("raced", typed);
        VcfTokenService.get().once(vault.credential);
        await("it was tried", () -> vault.updates.get() == 1);
        awaitWriteBacks();
        assertThat(vault.updates).as("the other token stays").hasValue(1);
        assertThat(vault.credential.getRefreshToken().getPlainText()).isEqualTo(typed);
        assertThat(logged.of("raced")).isZero();
    }

    @Test
    void whatCouldNotBeStoredInAVaultCanBeStoredInTheSystemsStore() throws Exception {
        vault.answer = Answer.FORBIDDEN;
        vault.credential = both.account("again", simulator.addAccount("vaulted", "acme"));
        VcfTokenService.get().once(vault.credential);
        await("it is said", () -> logged.of("again") == 1);
        vault.credential = null;
        VcfaServiceAccount own = both.account("again", simulator.addAccount("ci", "acme"));
        both.addToSystem(own);
        VcfTokenService.get().once(own);
        both.awaitInSystem("again");
    }

    /** An administrator can make a store writable without a restart of Jenkins. */
    @Test
    void aStoreThatRefusedIsTriedAgainTenMinutesLater() throws Exception {
        MutableClock clock = new MutableClock();
        CredentialLocator locator = new CredentialLocator(Optional::empty, clock);
        vault.answer = Answer.UNSUPPORTED;
        String initialToken = simulator.addAccount("ci", "acme");
        vault.credential = both.account("reopened", initialToken);
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
        clock.advance(RefusingStoreCache.RETRY_AFTER);
        assertThat(locator.isReadOnly(stored)).as("until it is known better").isTrue();
        writer.writeBack(initialToken::equals, "rotated", false);
        assertThat(vault.updates).hasValue(2);
        assertThat(logged.of("reopened")).isEqualTo(1);

        vault.answer = Answer.YES;
        writer.writeBack(initialToken::equals, "rotated", false);
        assertThat(vault.updates).hasValue(2);
        clock.advance(RefusingStoreCache.RETRY_AFTER);
        writer.writeBack(initialToken::equals, "rotated", false);
        assertThat(vault.updates).hasValue(3);
        assertThat(locator.isReadOnly(stored)).isFalse();
    }

    /** One write-back that is seen comes after all before it. */
    private void awaitWriteBacks() throws Exception {
        String id = "last-" + System.nanoTime();
        VcfaServiceAccount last = both.account(id, simulator.addAccount(id, "acme"));
        both.addToSystem(last);
        VcfTokenService.get().once(last);
        await(
                "the last one is stored",
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

    /** What the plugin's own logger says of a credential. */
    private static final class Logged extends Handler {

        private final Logger logger = Logger.getLogger(StoreCredentialWriter.class.getName());
        private final List<String> messages = new CopyOnWriteArrayList<>();

        Logged() {
            logger.addHandler(this);
        }

        long of(String id) {
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
    public static final class TokenSink extends JenkinsVault {

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
