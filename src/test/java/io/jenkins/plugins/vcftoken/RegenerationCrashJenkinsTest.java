package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsScope;
import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.credentials.VcfSsoApiToken;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.simulator.RefreshPhase;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.RealJenkinsExtension;

/**
 * Kills a Jenkins that does nothing but regenerate API tokens, at each moment of the request and of each write, once around
 * for every {@link #MOMENTS} of {@code -Dcrash.kills}. After each kill the API token works, or the record says what was at
 * stake, and the message of the next token request says it.
 */
class RegenerationCrashJenkinsTest {

    /** The moments of a request, then what the controller writes, as it shows in a directory. */
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

    private static final String LIVE = "live";
    private static final String HEALED = "healed";
    private static final String SUCCESSOR_LOST = "replaced by the server alone";
    private static final String PERSON_NEEDED = "needing a person though alive";
    private static final String LOST = "lost without a word";

    @RegisterExtension
    private final RealJenkinsExtension controller = JenkinsProcess.withoutPipelines()
            .withTimeout(0)
            .javaOptions("-D" + VcfTokenService.class.getName() + ".callTimeoutSeconds=2");

    private final long seed = Long.getLong("crash.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private Simulator simulator;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start();
        // An access token is there while an API token is regenerated, and has ended when the controller is back.
        simulator.setLifetime(Duration.ofSeconds(3));
        simulator.vcfSso().setApiTokenLifetime(Duration.ofDays(5));
    }

    @AfterEach
    void stop() {
        simulator.close();
    }

    @Test
    void apiToken_afterEachKill_worksOrIsReported() throws Throwable {
        Map<String, Integer> tally = new LinkedHashMap<>();
        for (String outcome : new String[] {LIVE, HEALED, SUCCESSOR_LOST, PERSON_NEEDED, LOST}) {
            tally.put(outcome, 0);
        }
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
            inspect(tally);
            System.out.println(
                    "Crash test: kill " + (kill + 1) + " of " + KILLS + " at " + String.join("/", moment) + ", "
                            + simulator.vcfSso().regenerations() + " regenerations, accounts after kills " + tally
                            + ", sent twice " + simulator.vcfSso().repeatedRegenerations());
        }
        controller.stopJenkins();
        assertThat(tally.get(LOST)).as("seed " + seed).isZero();
        assertThat(tally.get(PERSON_NEEDED)).as("seed " + seed).isZero();
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
        CountDownLatch dead = new CountDownLatch(1);
        if (moment.length == 1) {
            CountDownLatch reached = atMomentOfRequest(RefreshPhase.valueOf(moment[0]), dead);
            controller.runRemotely(RegenerationCrashJenkinsTest::regenerateForever);
            assertThat(reached.await(60, TimeUnit.SECONDS)).isTrue();
        } else {
            awaitWrite(moment[0], Pattern.compile(moment[1]));
        }
        controller.stopJenkinsForcibly();
        simulator.setWitness(now -> {});
        dead.countDown();
        // What was on the server's side of the wire when the controller died still happens there.
        Thread.sleep(200);
    }

    /** The server holds that request up until the controller is dead. */
    private CountDownLatch atMomentOfRequest(RefreshPhase moment, CountDownLatch dead) {
        CountDownLatch reached = new CountDownLatch(1);
        AtomicBoolean armed = new AtomicBoolean(true);
        int enough = simulator.vcfSso().regenerations() + 4 + random.nextInt(8);
        simulator.setWitness(now -> {
            if (now == moment && simulator.vcfSso().regenerations() >= enough && armed.getAndSet(false)) {
                reached.countDown();
                if (moment != RefreshPhase.ANSWERED) {
                    awaitEnd(dead);
                }
            }
        });
        return reached;
    }

    private static void awaitEnd(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns right after one of the next writes has begun, or is done. */
    private void awaitWrite(String name, Pattern file) throws Throwable {
        Path directory = controller.getHome().toPath().resolve(name);
        try (WatchService watch = FileSystems.getDefault().newWatchService()) {
            directory.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
            controller.runRemotely(RegenerationCrashJenkinsTest::regenerateForever);
            int spare = 4 + random.nextInt(20);
            while (spare >= 0) {
                WatchKey key = watch.poll(60, TimeUnit.SECONDS);
                assertThat(key).as("something is written").isNotNull();
                for (WatchEvent<?> event : key.pollEvents()) {
                    if (file.matcher(event.context().toString()).matches()) {
                        spare--;
                    }
                }
                key.reset();
            }
        }
    }

    private void inspect(Map<String, Integer> tally) throws Throwable {
        String[] states = controller.runRemotely(RegenerationCrashJenkinsTest::states);
        String[] outcomes = controller.runRemotely(RegenerationCrashJenkinsTest::settle);
        String[] current = controller.runRemotely(RegenerationCrashJenkinsTest::currentTokens);
        String[] fresh = new String[ACCOUNTS];
        for (int i = 0; i < ACCOUNTS; i++) {
            boolean alive = current[i].equals(simulator.vcfSso().currentToken("a" + i));
            boolean isUsable = outcomes[i].isEmpty();
            if (TokenFamily.Status.valueOf(states[i]) == TokenFamily.Status.READY) {
                tally.merge(alive && isUsable ? LIVE : LOST, 1, Integer::sum);
            } else if (isUsable) {
                assertThat(alive).isTrue();
                tally.merge(HEALED, 1, Integer::sum);
            } else {
                tally.merge(alive ? PERSON_NEEDED : SUCCESSOR_LOST, 1, Integer::sum);
                assertThat(outcomes[i])
                        .contains("Credential 'a" + i + "'")
                        .contains("its successor is lost")
                        .contains("generate a new one in VCF Operations");
                fresh[i] = newToken(i);
            }
        }
        storeAll(fresh);
    }

    private void storeAll(String[] tokens) throws Throwable {
        controller.runRemotely(
                RegenerationCrashJenkinsTest::store, simulator.url().toString(), simulator.authorityPem(), tokens);
    }

    /** @param tokens for each account an API token to store, or null */
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
        for (int i = 0; i < ACCOUNTS; i++) {
            String id = "a" + i;
            Thread load = new Thread(() -> {
                while (true) {
                    try {
                        VcfTokenService.get().regenerateIfDue(credential(id));
                        Thread.sleep(20);
                    } catch (TokenUnavailableException | InterruptedException e) {
                        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
                    }
                }
            });
            load.setDaemon(true);
            load.start();
        }
    }

    private static VcfSsoApiToken credential(String id) {
        return SystemCredentialsProvider.getInstance().getCredentials().stream()
                .map(VcfSsoApiToken.class::cast)
                .filter(credential -> credential.getId().equals(id))
                .findFirst()
                .orElseThrow();
    }

    /** Of a token that was stored and not used before the kill, there is no family yet. */
    private static TokenFamily family(String id) throws Exception {
        VcfSsoApiToken credential = credential(id);
        String stored = credential.storedSecret().getPlainText();
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
            TokenFamily family = family("a" + i);
            states[i] = (family == null ? TokenFamily.Status.READY : family.state()).name();
        }
        return states;
    }

    private static String[] currentTokens(JenkinsRule rule) throws Exception {
        String[] tokens = new String[ACCOUNTS];
        for (int i = 0; i < ACCOUNTS; i++) {
            TokenFamily family = family("a" + i);
            tokens[i] = family == null
                    ? credential("a" + i).storedSecret().getPlainText()
                    : family.tokens().current();
        }
        return tokens;
    }

    /** For each account, what a person reads when the server has answered; empty where there is an access token. */
    private static String[] settle(JenkinsRule rule) throws Exception {
        String[] outcomes = new String[ACCOUNTS];
        for (int i = 0; i < ACCOUNTS; i++) {
            outcomes[i] = settle("a" + i);
        }
        return outcomes;
    }

    private static String settle(String id) throws InterruptedException {
        Instant end = Instant.now().plusSeconds(120);
        while (true) {
            try {
                VcfTokenService.get().renew(credential(id));
                return "";
            } catch (TokenUnavailableException e) {
                // All else is a machine that is busy, or a request that is due later.
                boolean isFinal = e.getMessage().contains("its successor is lost");
                if (isFinal || Instant.now().isAfter(end)) {
                    return e.getMessage();
                }
                Thread.sleep(100);
            }
        }
    }
}
