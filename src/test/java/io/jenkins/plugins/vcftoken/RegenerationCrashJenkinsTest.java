package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.credentials.VcfSsoApiToken;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.simulator.RefreshPhase;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;

/**
 * Kills a Jenkins process that only regenerates API tokens, {@code -Dcrash.kills} times, at each of the {@link
 * #MOMENTS} in turn. After each kill, the API token works, or the record has the pending regeneration and the next
 * token request reports it.
 */
class RegenerationCrashJenkinsTest extends JenkinsCrashTestBase {

    /** Phases of a request, and writes: directory below the home, and pattern of a file that is created there. */
    private static final String[][] MOMENTS = {
        {"RECEIVED"},
        {"COMMITTED"},
        {"ANSWERED"},
        {"vcf-token", "\\w+\\.tmp"},
        {"vcf-token", "\\w+\\.json"},
        {".", "credentials\\.xml.+"},
        {".", "credentials\\.xml"}
    };

    private static final int KILLS = Integer.getInteger("crash.kills", MOMENTS.length);
    private static final int ACCOUNTS = 4;
    private static final String ADVICE = "its successor is lost";

    @BeforeEach
    void start() throws Exception {
        // The access token is valid during the regeneration, and has expired when the controller is back.
        simulator.setLifetime(Duration.ofSeconds(3));
        simulator.vcfSso().setApiTokenLifetime(Duration.ofDays(5));
    }

    @Test
    void apiToken_afterEachKill_worksOrIsReported() throws Throwable {
        controller.startJenkins();
        String[] tokens = new String[ACCOUNTS];
        for (int i = 0; i < ACCOUNTS; i++) {
            tokens[i] = newToken(i);
        }
        storeAll(tokens);
        for (int kill = 0; kill < KILLS; kill++) {
            String[] moment = MOMENTS[kill % MOMENTS.length];
            loadAndKill(moment);
            controller.startJenkins();
            inspect();
            System.out.println(
                    "Crash test: kill " + (kill + 1) + " of " + KILLS + " at " + String.join("/", moment) + ", "
                            + simulator.vcfSso().regenerations() + " regenerations, accounts after kills " + tally
                            + ", sent twice " + simulator.vcfSso().repeatedRegenerations());
        }
        controller.stopJenkins();
        assertThat(tally.get(LOST)).as("seed " + seed).isZero();
        assertThat(tally.get(USER_NEEDED)).as("seed " + seed).isZero();
        assertThat(simulator.vcfSso().repeatedRegenerations())
                .as("seed " + seed)
                .isZero();
        assertThat(simulator.violations()).isEmpty();
    }

    private String newToken(int account) {
        String token = "vidb_typed-" + account + "-" + random.nextLong();
        simulator
                .vcfSso()
                .addApiToken("CUSTOMER", "a" + account, token, Instant.now().plus(Duration.ofDays(5)));
        return token;
    }

    private void loadAndKill(String[] moment) throws Throwable {
        CountDownLatch killed = new CountDownLatch(1);
        if (moment.length == 1) {
            int target = simulator.vcfSso().regenerations() + 4 + random.nextInt(8);
            CountDownLatch reached = holdAt(
                    RefreshPhase.valueOf(moment[0]), () -> simulator.vcfSso().regenerations() >= target, killed);
            controller.runRemotely(RegenerationCrashJenkinsTest::regenerateForever);
            await(reached);
        } else {
            awaitWrite(moment[0], moment[1], RegenerationCrashJenkinsTest::regenerateForever, 4 + random.nextInt(20));
        }
        kill(killed);
    }

    private void inspect() throws Throwable {
        String[] states = controller.runRemotely(RegenerationCrashJenkinsTest::states);
        String[] outcomes = controller.runRemotely(RegenerationCrashJenkinsTest::awaitOutcomes);
        String[] current = controller.runRemotely(RegenerationCrashJenkinsTest::currentTokens);
        String[] newTokens = new String[ACCOUNTS];
        for (int i = 0; i < ACCOUNTS; i++) {
            boolean isCurrent = current[i].equals(simulator.vcfSso().currentToken("a" + i));
            if (countOutcome(states[i], isCurrent, outcomes[i])) {
                assertThat(outcomes[i])
                        .contains("Credential ‘a" + i + "’")
                        .contains(ADVICE)
                        .contains("generate a new one in VCF Operations");
                newTokens[i] = newToken(i);
            }
        }
        storeAll(newTokens);
    }

    private void storeAll(String[] tokens) throws Throwable {
        controller.runRemotely(
                RegenerationCrashJenkinsTest::store, simulator.url().toString(), simulator.authorityPem(), tokens);
    }

    /** @param tokens the API token to store for each account, or null */
    private static void store(JenkinsRule rule, String url, String authority, String[] tokens) throws Exception {
        SystemCredentialsProvider provider = SystemCredentialsProvider.getInstance();
        for (int i = 0; i < ACCOUNTS; i++) {
            if (tokens[i] != null) {
                VcfSsoApiToken credential =
                        new VcfSsoApiToken(CredentialsScope.GLOBAL, "a" + i, null, url, Secret.fromString(tokens[i]));
                credential.setCaCertificates(authority);
                credential.setExpiresOn(LocalDate.now().plusDays(5).toString());
                credential.setRegenerateDaysBefore(100);
                provider.getCredentials().remove(credential);
                provider.getCredentials().add(credential);
            }
        }
        provider.save();
    }

    private static void regenerateForever(JenkinsRule rule) {
        repeat(ACCOUNTS, credential -> VcfTokenService.get().regenerateIfDue(credential));
    }

    /** @return null for a token that was stored and not used before the kill */
    private static TokenFamily findFamily(String id) throws Exception {
        String stored = credential(id).storedSecret().getPlainText();
        for (TokenFamily family : VcfTokenService.get().administration().list()) {
            if (VcfTokenService.get()
                    .administration()
                    .areRelated(family.account(), stored, family.tokens().current())) {
                return family;
            }
        }
        return null;
    }

    private static String[] states(JenkinsRule rule) throws Exception {
        String[] states = new String[ACCOUNTS];
        for (int i = 0; i < ACCOUNTS; i++) {
            TokenFamily family = findFamily("a" + i);
            states[i] = (family == null ? TokenFamily.Status.READY : family.state()).name();
        }
        return states;
    }

    private static String[] currentTokens(JenkinsRule rule) throws Exception {
        String[] tokens = new String[ACCOUNTS];
        for (int i = 0; i < ACCOUNTS; i++) {
            TokenFamily family = findFamily("a" + i);
            tokens[i] = family == null
                    ? credential("a" + i).storedSecret().getPlainText()
                    : family.tokens().current();
        }
        return tokens;
    }

    private static String[] awaitOutcomes(JenkinsRule rule) throws Exception {
        return awaitOutcomes(ACCOUNTS, credential -> VcfTokenService.get().renew(credential), ADVICE);
    }
}
