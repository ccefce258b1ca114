package io.jenkins.plugins.vcftoken.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.family.Ledger;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two {@link FamilyLocks} on one file see each other as two processes do. */
class FamilyLocksTest {

    private static final String FAMILY = "0123456789abcdef";
    private static final Duration LONG = Duration.ofMinutes(2);

    @TempDir
    private Path directory;

    private final List<String> got = new CopyOnWriteArrayList<>();
    private FamilyLocks here;
    private FamilyLocks elsewhere;

    @BeforeEach
    void create() {
        here = new FamilyLocks(directory.resolve("lock"));
        elsewhere = new FamilyLocks(directory.resolve("lock"));
    }

    @Test
    void whoWaitsLongestIsNext() throws Exception {
        Ledger.Lock held = here.acquire(FAMILY, LONG);
        waiter("first");
        waiter("second");
        held.close();
        try (Ledger.Lock late = here.acquire(FAMILY, LONG)) {
            assertThat(got).containsExactly("first", "second");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whoIsInterruptedWaitsNoLongerAndIsInNobodysWay(boolean another) throws Exception {
        Ledger.Lock held = (another ? elsewhere : here).acquire(FAMILY, LONG);
        Thread interrupted = waiter("interrupted");
        interrupted.interrupt();
        interrupted.join(LONG.toMillis());
        assertThat(interrupted.isAlive()).isFalse();
        Thread next = waiter("next");
        assertThat(got).isEmpty();
        held.close();
        next.join(LONG.toMillis());
        assertThat(got).containsExactly("next");
        elsewhere.acquire(FAMILY, LONG).close();
    }

    private Thread waiter(String name) throws InterruptedException {
        Thread thread = new Thread(() -> {
            try (Ledger.Lock lock = here.acquire(FAMILY, LONG)) {
                got.add(name);
            } catch (Exception e) {
                // It was interrupted; then it has not got it.
            }
        });
        thread.setDaemon(true);
        thread.start();
        while (thread.isAlive() && thread.getState() != Thread.State.TIMED_WAITING) {
            Thread.sleep(5);
        }
        return thread;
    }
}
