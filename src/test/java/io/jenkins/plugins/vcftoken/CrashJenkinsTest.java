package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.util.Secret;
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
 * Kills a Jenkins that does nothing but rotate, at random, at each moment of a grant, and while it writes ({@code
 * -Dcrash.kills}), and looks at what is on its disk: the living token, or a record that says what was at stake. Then each
 * such account heals by itself, unless the server had rotated its token.
 */
class CrashJenkinsTest extends JenkinsCrashTestBase {

    private static final int KILLS = Integer.getInteger("crash.kills", 4);
    private static final int ACCOUNTS = 8;

    private static final String ADVICE = "authorize the account";

    /** What the controller writes, as it shows in a directory. */
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
    void liveOrDiagnosedAfterEachKill() throws Throwable {
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
                    + " rotations, accounts after kills " + tally + ", sent twice while anything could be lost by it "
                    + simulator.repeatsWhileAlive());
        }
        controller.stopJenkins();
        System.out.println("Crash test: " + KILLS + " kills under " + simulator.rotations() + " rotations of "
                + ACCOUNTS + " accounts: " + tally + ", sent twice while anything could be lost by it "
                + simulator.repeatsWhileAlive() + " (seed " + seed + ")");
        assertThat(tally.get(LOST)).isZero();
        assertThat(tally.get(PERSON_NEEDED)).isZero();
        assertThat(simulator.repeatsWhileAlive()).isZero();
    }

    /** A third of the kills each come at random, at a moment of a grant, and while something is being written. */
    private void loadAndKill(int kill) throws Throwable {
        CountDownLatch dead = new CountDownLatch(1);
        switch (kill % 3) {
            case 0 -> {
                int spare = random.nextInt(20);
                RefreshPhase moment = RefreshPhase.values()[kill / 3 % RefreshPhase.values().length];
                CountDownLatch reached = holdAt(moment, () -> simulator.grants() % 20 == spare, dead);
                controller.runRemotely(CrashJenkinsTest::rotateForever);
                await(reached);
            }
            case 1 -> {
                await(atAnyGrant());
                Thread.sleep(random.nextInt(150));
            }
            default -> {
                String[] write = WRITES[kill / 3 % WRITES.length];
                awaitWrite(write[0], write[1], CrashJenkinsTest::rotateForever, random.nextInt(40));
            }
        }
        kill(dead);
    }

    private CountDownLatch atAnyGrant() throws Throwable {
        CountDownLatch reached = new CountDownLatch(1);
        int enough = simulator.grants() + 1 + random.nextInt(40);
        simulator.setWitness(now -> {
            if (simulator.grants() >= enough) {
                reached.countDown();
            }
        });
        controller.runRemotely(CrashJenkinsTest::rotateForever);
        return reached;
    }

    private void inspect() throws Throwable {
        String[][] records = controller.runRemotely(CrashJenkinsTest::records);
        boolean[] alive = new boolean[ACCOUNTS];
        for (int i = 0; i < ACCOUNTS; i++) {
            alive[i] = records[i][1].equals(simulator.currentToken("a" + i));
        }
        simulator.keepDelivered(Arrays.stream(records).map(record -> record[2]).collect(Collectors.toSet()));
        String[] outcomes = controller.runRemotely(CrashJenkinsTest::settle);
        String[] fresh = new String[ACCOUNTS];
        for (int i = 0; i < ACCOUNTS; i++) {
            if (count(records[i][0], alive[i], outcomes[i])) {
                assertThat(outcomes[i]).contains("Credential ‘a" + i + "’").contains(ADVICE);
                fresh[i] = simulator.reauthorize("a" + i);
            }
        }
        controller.runRemotely(CrashJenkinsTest::store, simulator.url().toString(), simulator.authorityPem(), fresh);
    }

    /** @param initialTokens for each account a token to store, or null */
    private static void store(JenkinsRule rule, String url, String authority, String[] initialTokens) throws Exception {
        SystemCredentialsProvider provider = SystemCredentialsProvider.getInstance();
        for (int i = 0; i < ACCOUNTS; i++) {
            if (initialTokens[i] != null) {
                VcfaServiceAccount credential = new VcfaServiceAccount(
                        CredentialsScope.GLOBAL, "a" + i, null, url, "acme", Secret.fromString(initialTokens[i]));
                credential.setCaCertificates(authority);
                provider.getCredentials().remove(credential);
                provider.getCredentials().add(credential);
            }
        }
        provider.save();
    }

    private static void rotateForever(JenkinsRule rule) {
        repeat(ACCOUNTS, credential -> VcfTokenService.get().once(credential));
    }

    /**
     * For each account the state, the token and the access token of its family. A token that was stored and not used before the kill has no
     * family yet: there, an older one stands for nothing.
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

    private static String[] settle(JenkinsRule rule) throws Exception {
        return settle(ACCOUNTS, credential -> VcfTokenService.get().once(credential), ADVICE);
    }
}
