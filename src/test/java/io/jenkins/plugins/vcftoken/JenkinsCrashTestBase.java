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

/**
 * Base class of tests that kill a Jenkins process during requests or writes, and count the outcomes of its accounts.
 */
abstract class JenkinsCrashTestBase {

    static final String LOST = "lost silently";
    static final String USER_NEEDED = "valid but in need of a user";
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

    /** Number of accounts by outcome, over all kills. */
    final Map<String, Integer> tally = new LinkedHashMap<>();

    JenkinsCrashTestBase() {
        List.of(LIVE, HEALED, SUCCESSOR_LOST, USER_NEEDED, LOST).forEach(outcome -> tally.put(outcome, 0));
    }

    /**
     * Counts an account after a kill.
     *
     * @param state state of its token family before the first request
     * @param isCurrent whether the controller has the token that the server accepts
     * @param outcome result of {@link #awaitOutcomes}
     * @return whether it needs a new secret
     */
    boolean countOutcome(String state, boolean isCurrent, String outcome) {
        boolean isUsable = outcome.isEmpty();
        boolean isReady = TokenFamily.Status.valueOf(state) == TokenFamily.Status.READY;
        if (isReady) {
            tally.merge(isCurrent && isUsable ? LIVE : LOST, 1, Integer::sum);
        } else if (isUsable) {
            assertThat(isCurrent).isTrue();
            tally.merge(HEALED, 1, Integer::sum);
        } else {
            tally.merge(isCurrent ? USER_NEEDED : SUCCESSOR_LOST, 1, Integer::sum);
        }
        return !isReady && !isUsable;
    }

    /** Makes the server hold the first request that meets the condition, at a phase, until the controller is killed. */
    CountDownLatch holdAt(RefreshPhase phase, BooleanSupplier condition, CountDownLatch killed) {
        CountDownLatch reached = new CountDownLatch(1);
        AtomicBoolean armed = new AtomicBoolean(true);
        simulator.setPhaseListener(observed -> {
            if (observed == phase && condition.getAsBoolean() && armed.getAndSet(false)) {
                reached.countDown();
                if (phase != RefreshPhase.ANSWERED) {
                    awaitKill(killed);
                }
            }
        });
        return reached;
    }

    private static void awaitKill(CountDownLatch killed) {
        try {
            killed.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    static void await(CountDownLatch reached) throws InterruptedException {
        assertThat(reached.await(60, TimeUnit.SECONDS)).isTrue();
    }

    /**
     * Returns as soon as a matching file is created, when a write has begun or is complete.
     *
     * @param directory below the home of the controller
     * @param file pattern of the file name
     * @param load starts the work of the controller
     * @param skipped number of matching files to ignore first
     */
    void awaitWrite(String directory, String file, RealJenkinsExtension.Step load, int skipped) throws Throwable {
        Path watched = controller.getHome().toPath().resolve(directory);
        Pattern name = Pattern.compile(file);
        try (WatchService watch = FileSystems.getDefault().newWatchService()) {
            watched.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
            controller.runRemotely(load);
            int remaining = skipped;
            while (remaining >= 0) {
                WatchKey key = watch.poll(60, TimeUnit.SECONDS);
                assertThat(key).as("a file is created").isNotNull();
                for (WatchEvent<?> event : key.pollEvents()) {
                    if (name.matcher(event.context().toString()).matches()) {
                        remaining--;
                    }
                }
                key.reset();
            }
        }
    }

    void kill(CountDownLatch killed) throws Throwable {
        controller.stopJenkinsForcibly();
        simulator.setPhaseListener(phase -> {});
        killed.countDown();
        // The server completes the requests that it had received.
        Thread.sleep(200);
    }

    /** Operation on a credential, in the controller. */
    interface Work {
        void run(VcfCredentials credential) throws TokenUnavailableException, InterruptedException;
    }

    /** In the controller: repeats the work for each account, on one thread per account. */
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
     * In the controller: repeats the work for each account until it succeeds or fails for good.
     *
     * @param advice part of an error message after which the plugin sends no further request
     * @return for each account the error message, or an empty string on success
     */
    static String[] awaitOutcomes(int accounts, Work work, String advice) throws InterruptedException {
        String[] outcomes = new String[accounts];
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < accounts; i++) {
            int account = i;
            Thread thread = new Thread(() -> outcomes[account] = awaitOutcomes("a" + account, work, advice));
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        return outcomes;
    }

    private static String awaitOutcomes(String id, Work work, String advice) {
        Instant end = Instant.now().plusSeconds(120);
        while (true) {
            try {
                work.run(credential(id));
                return "";
            } catch (TokenUnavailableException e) {
                // Other errors are temporary: a busy machine, or a retry that is due later.
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
