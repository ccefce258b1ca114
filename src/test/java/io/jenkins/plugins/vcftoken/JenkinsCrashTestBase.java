package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.simulator.RefreshPhase;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.jvnet.hudson.test.junit.jupiter.RealJenkinsExtension;

/** Base of tests that kill a Jenkins at a moment of its requests or writes, and count what became of its accounts. */
abstract class JenkinsCrashTestBase {

    static final String LOST = "lost without a word";
    static final String PERSON_NEEDED = "needing a person though alive";
    private static final String LIVE = "live";
    private static final String HEALED = "healed";
    private static final String SUCCESSOR_LOST = "rotated by the server alone";

    @RegisterExtension
    final RealJenkinsExtension controller = JenkinsProcess.withoutPipelines()
            .withTimeout(0)
            .javaOptions("-D" + VcfTokenService.class.getName() + ".callTimeoutSeconds=2");

    @AutoClose
    final Simulator simulator = Simulator.start();

    final long seed = Long.getLong("crash.seed", System.nanoTime());
    final Random random = new Random(seed);

    /** Accounts after kills, by what became of them. */
    final Map<String, Integer> tally = new LinkedHashMap<>();

    JenkinsCrashTestBase() {
        List.of(LIVE, HEALED, SUCCESSOR_LOST, PERSON_NEEDED, LOST).forEach(outcome -> tally.put(outcome, 0));
    }

    /**
     * Counts an account after a kill.
     *
     * @param state of its family before anything was requested
     * @param alive whether the controller has the token that the server accepts
     * @param outcome as of {@link #settle}
     * @return whether it needs another secret
     */
    boolean count(String state, boolean alive, String outcome) {
        boolean isUsable = outcome.isEmpty();
        boolean isReady = TokenFamily.Status.valueOf(state) == TokenFamily.Status.READY;
        if (isReady) {
            tally.merge(alive && isUsable ? LIVE : LOST, 1, Integer::sum);
        } else if (isUsable) {
            assertThat(alive).isTrue();
            tally.merge(HEALED, 1, Integer::sum);
        } else {
            tally.merge(alive ? PERSON_NEEDED : SUCCESSOR_LOST, 1, Integer::sum);
        }
        return !isReady && !isUsable;
    }

    /** The server holds the first request that is due up at a moment, until the controller is dead. */
    CountDownLatch holdAt(RefreshPhase moment, BooleanSupplier due, CountDownLatch dead) {
        CountDownLatch reached = new CountDownLatch(1);
        AtomicBoolean armed = new AtomicBoolean(true);
        simulator.setWitness(now -> {
            if (now == moment && due.getAsBoolean() && armed.getAndSet(false)) {
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

    static void await(CountDownLatch reached) throws InterruptedException {
        assertThat(reached.await(60, TimeUnit.SECONDS)).isTrue();
    }

    /**
     * Returns right after a write has begun, or is done, as it shows in a directory of the home.
     *
     * @param load what the controller does
     * @param before how many such writes come before
     */
    void awaitWrite(String directory, String file, RealJenkinsExtension.Step load, int before) throws Throwable {
        Path watched = controller.getHome().toPath().resolve(directory);
        Pattern name = Pattern.compile(file);
        try (WatchService watch = FileSystems.getDefault().newWatchService()) {
            watched.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
            controller.runRemotely(load);
            int spare = before;
            while (spare >= 0) {
                WatchKey key = watch.poll(60, TimeUnit.SECONDS);
                assertThat(key).as("something is written").isNotNull();
                for (WatchEvent<?> event : key.pollEvents()) {
                    if (name.matcher(event.context().toString()).matches()) {
                        spare--;
                    }
                }
                key.reset();
            }
        }
    }

    void kill(CountDownLatch dead) throws Throwable {
        controller.stopJenkinsForcibly();
        simulator.setWitness(moment -> {});
        dead.countDown();
        // What was on the server's side of the wire when the controller died still happens there.
        Thread.sleep(200);
    }

    /** What the controller does with a credential. */
    interface Work {
        void run(VcfCredentials credential) throws TokenUnavailableException, InterruptedException;
    }

    /** In the controller: repeats the work for each account, on a thread of its own. */
    static void repeat(int accounts, Work work) {
        for (int i = 0; i < accounts; i++) {
            String id = "a" + i;
            Thread load = new Thread(() -> {
                while (true) {
                    try {
                        work.run(credential(id));
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

    static VcfCredentials credential(String id) {
        return SystemCredentialsProvider.getInstance().getCredentials().stream()
                .map(VcfCredentials.class::cast)
                .filter(credential -> credential.getId().equals(id))
                .findFirst()
                .orElseThrow();
    }

    /**
     * In the controller: for each account, what a person reads when no more request is to come; empty where there is an
     * access token.
     *
     * @param advice in a message after which no request comes
     */
    static String[] settle(int accounts, Work work, String advice) throws InterruptedException {
        String[] outcomes = new String[accounts];
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < accounts; i++) {
            int account = i;
            Thread thread = new Thread(() -> outcomes[account] = settle("a" + account, work, advice));
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        return outcomes;
    }

    private static String settle(String id, Work work, String advice) {
        Instant end = Instant.now().plusSeconds(120);
        while (true) {
            try {
                work.run(credential(id));
                return "";
            } catch (TokenUnavailableException e) {
                // All else is a machine that is busy, or a request that is due later.
                if (e.getMessage().contains(advice) || Instant.now().isAfter(end)) {
                    return e.getMessage();
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
            } catch (InterruptedException e) {
                return e.toString();
            }
        }
    }
}
