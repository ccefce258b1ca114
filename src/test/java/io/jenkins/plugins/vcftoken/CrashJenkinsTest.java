package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.TokenFamilyAdmin;
import io.jenkins.plugins.vcftoken.simulator.RefreshPhase;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;

/**
 * Kills a Jenkins process that only rotates tokens, {@code -Dcrash.kills} times. After each kill, the disk has the
 * current token of each account, or a record of the pending request. Each account with such a record then recovers by
 * itself, unless the server had rotated its token.
 */
class CrashJenkinsTest extends JenkinsCrashTestBase {

    private static final int KILLS = Integer.getInteger("crash.kills", 4);
    private static final int ACCOUNTS = 8;

    private static final String ADVICE = "authorize the account";

    /** Writes of the controller: directory below the home, and pattern of a file that is created there. */
    private static final String[][] WRITES = {
        {"vcf-token", "\\w+\\.tmp"},
        {"vcf-token", "\\w+\\.json"},
        {".", "credentials\\.xml.+"},
        {".", "credentials\\.xml"}
    };

    @BeforeEach
    void start() throws Exception {
        simulator.setLifetime(Duration.ofSeconds(1));
    }

    @Test
    void accounts_afterEachKill_workOrAreReported() throws Throwable {
        controller.startJenkins();
        String[] initialTokens = new String[ACCOUNTS];
        for (int i = 0; i < ACCOUNTS; i++) {
            initialTokens[i] = simulator.addAccount("a" + i, "acme");
        }
        controller.runRemotely(
                CrashJenkinsTest::store, simulator.url().toString(), simulator.authorityPem(), initialTokens);
        for (int kill = 1; kill <= KILLS; kill++) {
            loadAndKill(kill);
            controller.startJenkins();
            inspect();
            System.out.println("Crash test: kill " + kill + " of " + KILLS + ", " + simulator.rotations()
                    + " rotations, accounts after kills " + tally + ", repeated while an access token was valid "
                    + simulator.repeatsWhileAlive());
        }
        controller.stopJenkins();
        System.out.println("Crash test: " + KILLS + " kills under " + simulator.rotations() + " rotations of "
                + ACCOUNTS + " accounts: " + tally + ", repeated while an access token was valid "
                + simulator.repeatsWhileAlive() + " (seed " + seed + ")");
        assertThat(tally.get(LOST)).isZero();
        assertThat(tally.get(USER_NEEDED)).isZero();
        assertThat(simulator.repeatsWhileAlive()).isZero();
    }

    /** One third of the kills each: at a phase of a token request, at random, and during a write. */
    private void loadAndKill(int kill) throws Throwable {
        CountDownLatch killed = new CountDownLatch(1);
        switch (kill % 3) {
            case 0 -> {
                int offset = random.nextInt(20);
                RefreshPhase phase = RefreshPhase.values()[kill / 3 % RefreshPhase.values().length];
                CountDownLatch reached = holdAt(phase, () -> simulator.grants() % 20 == offset, killed);
                controller.runRemotely(CrashJenkinsTest::rotateForever);
                await(reached);
            }
            case 1 -> {
                await(rotateUntilRandomGrant());
                Thread.sleep(random.nextInt(150));
            }
            default -> {
                String[] write = WRITES[kill / 3 % WRITES.length];
                awaitWrite(write[0], write[1], CrashJenkinsTest::rotateForever, random.nextInt(40));
            }
        }
        kill(killed);
    }

    private CountDownLatch rotateUntilRandomGrant() throws Throwable {
        CountDownLatch reached = new CountDownLatch(1);
        int target = simulator.grants() + 1 + random.nextInt(40);
        simulator.setPhaseListener(observed -> {
            if (simulator.grants() >= target) {
                reached.countDown();
            }
        });
        controller.runRemotely(CrashJenkinsTest::rotateForever);
        return reached;
    }

    private void inspect() throws Throwable {
        String[][] records = controller.runRemotely(CrashJenkinsTest::records);
        boolean[] isCurrent = new boolean[ACCOUNTS];
        for (int i = 0; i < ACCOUNTS; i++) {
            isCurrent[i] = records[i][1].equals(simulator.currentToken("a" + i));
        }
        simulator.retainDelivered(
                Arrays.stream(records).map(record -> record[2]).collect(Collectors.toSet()));
        String[] outcomes = controller.runRemotely(CrashJenkinsTest::awaitOutcomes);
        String[] newTokens = new String[ACCOUNTS];
        for (int i = 0; i < ACCOUNTS; i++) {
            if (countOutcome(records[i][0], isCurrent[i], outcomes[i])) {
                assertThat(outcomes[i]).contains("Credential ‘a" + i + "’").contains(ADVICE);
                newTokens[i] = simulator.reauthorize("a" + i);
            }
        }
        controller.runRemotely(
                CrashJenkinsTest::store, simulator.url().toString(), simulator.authorityPem(), newTokens);
    }

    /** @param initialTokens the token to store for each account, or null */
    private static void store(JenkinsRule rule, String url, String authority, String[] initialTokens) throws Exception {
        SystemCredentialsProvider provider = SystemCredentialsProvider.getInstance();
        for (int i = 0; i < ACCOUNTS; i++) {
            if (initialTokens[i] != null) {
                VcfaServiceAccount credential = JenkinsAccount.of(url, authority, "a" + i, initialTokens[i]);
                provider.getCredentials().remove(credential);
                provider.getCredentials().add(credential);
            }
        }
        provider.save();
    }

    private static void rotateForever(JenkinsRule rule) {
        repeat(ACCOUNTS, credential -> VcfTokenService.get().issueWithoutLease(credential));
    }

    /**
     * State, current token and access token of the family of each account. A token that was stored and not yet used
     * has no family; older families at the same location are ignored.
     */
    private static String[][] records(JenkinsRule rule) throws Exception {
        String[][] records = new String[ACCOUNTS][];
        for (int i = 0; i < ACCOUNTS; i++) {
            VcfCredentials credential = credential("a" + i);
            CredentialLocation location = new CredentialLocation("system", credential.getId());
            String stored = credential.storedSecret().getPlainText();
            TokenFamilyAdmin families = VcfTokenService.get().administration();
            Optional<TokenFamily> newest = Optional.empty();
            for (TokenFamily record : families.list()) {
                if (record.locations().contains(location)
                        && families.areRelated(
                                record.account(), stored, record.tokens().current())
                        && newest.filter(other -> other.changed().isAfter(record.changed()))
                                .isEmpty()) {
                    newest = Optional.of(record);
                }
            }
            records[i] = new String[] {
                newest.map(TokenFamily::state).orElse(TokenFamily.Status.READY).name(),
                newest.map(record -> record.tokens().current()).orElse(stored),
                newest.map(TokenFamily::accessToken).map(AccessToken::value).orElse("")
            };
        }
        return records;
    }

    private static String[] awaitOutcomes(JenkinsRule rule) throws Exception {
        return awaitOutcomes(ACCOUNTS, credential -> VcfTokenService.get().issueWithoutLease(credential), ADVICE);
    }
}
