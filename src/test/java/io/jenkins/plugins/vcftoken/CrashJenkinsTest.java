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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.RealJenkinsExtension;

/**
 * Kills a Jenkins that does nothing but rotate, at random, at each moment of a grant, and while it writes ({@code
 * -Dcrash.kills}), and looks at what is on its disk: the living token, or a record that says what was at stake. Then each
 * such account heals by itself, unless the server had rotated its token.
 */
class CrashJenkinsTest {

    private static final int KILLS = Integer.getInteger("crash.kills", 4);
    private static final int ACCOUNTS = 8;

    private static final String LIVE = "live";
    private static final String HEALED = "healed";
    private static final String SUCCESSOR_LOST = "rotated by the server alone";
    private static final String PERSON_NEEDED = "needing a person though alive";
    private static final String LOST = "lost without a word";

    @RegisterExtension
    private final RealJenkinsExtension controller = JenkinsProcess.withoutPipelines()
            .withTimeout(0)
            .javaOptions("-D" + VcfTokenService.class.getName() + ".callTimeoutSeconds=2");

    private final long initialToken = Long.getLong("crash.seed", System.nanoTime());
    private final Random random = new Random(initialToken);
    private Simulator simulator;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start();
        simulator.setLifetime(Duration.ofSeconds(1));
    }

    @AfterEach
    void stop() {
        simulator.close();
    }

    @Test
    void liveOrDiagnosedAfterEachKill() throws Throwable {
        Map<String, Integer> tally = new LinkedHashMap<>();
        for (String outcome : new String[] {LIVE, HEALED, SUCCESSOR_LOST, PERSON_NEEDED, LOST}) {
            tally.put(outcome, 0);
        }
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
            inspect(tally);
            System.out.println("Crash test: kill " + kill + " of " + KILLS + ", " + simulator.rotations()
                    + " rotations, accounts after kills " + tally + ", sent twice while anything could be lost by it "
                    + simulator.repeatsWhileAlive());
        }
        controller.stopJenkins();
        System.out.println("Crash test: " + KILLS + " kills under " + simulator.rotations() + " rotations of "
                + ACCOUNTS + " accounts: " + tally + ", sent twice while anything could be lost by it "
                + simulator.repeatsWhileAlive() + " (seed " + initialToken + ")");
        assertThat(tally.get(LOST)).isZero();
        assertThat(tally.get(PERSON_NEEDED)).isZero();
        assertThat(simulator.repeatsWhileAlive()).isZero();
    }

    /** A third of the kills each come at random, at a moment of a grant, and while something is being written. */
    private void loadAndKill(int kill) throws Throwable {
        CountDownLatch dead = new CountDownLatch(1);
        switch (kill % 3) {
            case 0 -> await(atMomentOfGrant(RefreshPhase.values()[kill / 3 % RefreshPhase.values().length], dead));
            case 1 -> {
                await(atAnyGrant());
                Thread.sleep(random.nextInt(150));
            }
            default -> awaitWrite(Write.values()[kill / 3 % Write.values().length]);
        }
        controller.stopJenkinsForcibly();
        simulator.setWitness(moment -> {});
        dead.countDown();
        // What was on the server's side of the wire when the controller died still happens there.
        Thread.sleep(200);
    }

    /** The server holds that grant up until the controller is dead. */
    private CountDownLatch atMomentOfGrant(RefreshPhase moment, CountDownLatch dead) throws Throwable {
        CountDownLatch reached = new CountDownLatch(1);
        AtomicBoolean armed = new AtomicBoolean(true);
        int spare = random.nextInt(20);
        simulator.setWitness(now -> {
            if (now == moment && simulator.grants() % 20 == spare && armed.getAndSet(false)) {
                reached.countDown();
                if (moment != RefreshPhase.ANSWERED) {
                    awaitEnd(dead);
                }
            }
        });
        controller.runRemotely(CrashJenkinsTest::rotateForever);
        return reached;
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

    private static void await(CountDownLatch reached) throws InterruptedException {
        assertThat(reached.await(60, TimeUnit.SECONDS)).isTrue();
    }

    /** What the controller writes, as it shows in a directory. */
    private enum Write {
        LEDGER_BEGUN("vcf-token", "\\w+\\.tmp"),
        LEDGER_DONE("vcf-token", "\\w+\\.json"),
        STORE_BEGUN(".", "credentials\\.xml.+"),
        STORE_DONE(".", "credentials\\.xml");

        private final String directory;
        private final Pattern file;

        Write(String directory, String file) {
            this.directory = directory;
            this.file = Pattern.compile(file);
        }
    }

    /** Returns right after one of the next writes has begun, or is done. */
    private void awaitWrite(Write write) throws Throwable {
        Path directory = controller.getHome().toPath().resolve(write.directory);
        try (WatchService watch = FileSystems.getDefault().newWatchService()) {
            directory.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
            controller.runRemotely(CrashJenkinsTest::rotateForever);
            int spare = random.nextInt(40);
            while (spare >= 0) {
                WatchKey key = watch.poll(60, TimeUnit.SECONDS);
                assertThat(key).as("something is written").isNotNull();
                for (WatchEvent<?> event : key.pollEvents()) {
                    if (write.file.matcher(event.context().toString()).matches()) {
                        spare--;
                    }
                }
                key.reset();
            }
        }
    }

    private void inspect(Map<String, Integer> tally) throws Throwable {
        String[][] records = controller.runRemotely(CrashJenkinsTest::records);
        boolean[] alive = new boolean[ACCOUNTS];
        for (int i = 0; i < ACCOUNTS; i++) {
            alive[i] = records[i][1].equals(simulator.currentToken("a" + i));
        }
        simulator.keepDelivered(Arrays.stream(records).map(record -> record[2]).collect(Collectors.toSet()));
        String[] outcomes = controller.runRemotely(CrashJenkinsTest::settle);
        String[] fresh = new String[ACCOUNTS];
        for (int i = 0; i < ACCOUNTS; i++) {
            String id = "a" + i;
            boolean isUsable = outcomes[i].isEmpty();
            if (TokenFamily.Status.valueOf(records[i][0]) == TokenFamily.Status.READY) {
                tally.merge(alive[i] && isUsable ? LIVE : LOST, 1, Integer::sum);
            } else if (isUsable) {
                assertThat(alive[i]).isTrue();
                tally.merge(HEALED, 1, Integer::sum);
            } else {
                tally.merge(alive[i] ? PERSON_NEEDED : SUCCESSOR_LOST, 1, Integer::sum);
                assertThat(outcomes[i]).contains("Credential '" + id + "'").contains("authorize the account");
                fresh[i] = simulator.reauthorize(id);
            }
        }
        controller.runRemotely(CrashJenkinsTest::store, simulator.url().toString(), simulator.authorityPem(), fresh);
    }

    private static void awaitEnd(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
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
        for (int i = 0; i < ACCOUNTS; i++) {
            String id = "a" + i;
            Thread load = new Thread(() -> {
                while (true) {
                    try {
                        VcfTokenService.get().once(credential(id));
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

    private static VcfaServiceAccount credential(String id) {
        return SystemCredentialsProvider.getInstance().getCredentials().stream()
                .map(VcfaServiceAccount.class::cast)
                .filter(credential -> credential.getId().equals(id))
                .findFirst()
                .orElseThrow();
    }

    /**
     * For each account the state, the token and the access token of its family. A token that was stored and not used before the kill has no
     * family yet: there, an older one stands for nothing.
     */
    private static String[][] records(JenkinsRule rule) throws Exception {
        String[][] records = new String[ACCOUNTS][];
        for (int i = 0; i < ACCOUNTS; i++) {
            VcfaServiceAccount credential = credential("a" + i);
            CredentialLocation location = new CredentialLocation("system", credential.getId());
            String stored = credential.getRefreshToken().getPlainText();
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

    /** For each account, what a person reads when no more request is to come; empty where there is an access token. */
    private static String[] settle(JenkinsRule rule) throws Exception {
        String[] outcomes = new String[ACCOUNTS];
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < ACCOUNTS; i++) {
            int account = i;
            Thread thread = new Thread(() -> outcomes[account] = settle("a" + account));
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        return outcomes;
    }

    private static String settle(String id) {
        Instant end = Instant.now().plusSeconds(120);
        while (true) {
            try {
                VcfTokenService.get().once(credential(id));
                return "";
            } catch (TokenUnavailableException e) {
                // All else is a machine that is busy, or a request that is due later.
                boolean isFinal = e.getMessage().contains("authorize the account");
                if (isFinal || Instant.now().isAfter(end)) {
                    return e.getMessage();
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
            } catch (InterruptedException e) {
                return e.toString();
            }
        }
    }
}
