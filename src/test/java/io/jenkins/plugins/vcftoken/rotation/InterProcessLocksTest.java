package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two {@link InterProcessLocks} on one file see each other as two processes do. */
class InterProcessLocksTest {

    private static final String FAMILY = "0123456789abcdef";
    private static final Duration LONG = Duration.ofMinutes(2);

    @TempDir
    private Path directory;

    private final List<String> got = new CopyOnWriteArrayList<>();
    private InterProcessLocks here;
    private InterProcessLocks elsewhere;

    @BeforeEach
    void create() {
        here = new InterProcessLocks(directory.resolve("lock"));
        elsewhere = new InterProcessLocks(directory.resolve("lock"));
    }

    @Test
    void lock_isGivenToTheLongestWaitingThread() throws Exception {
        TokenLedger.Lock held = here.acquire(FAMILY, LONG);
        waiter("first");
        waiter("second");
        held.close();
        try (TokenLedger.Lock late = here.acquire(FAMILY, LONG)) {
            assertThat(got).containsExactly("first", "second");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void lock_interruptedWhileWaiting_isNotHeld(boolean another) throws Exception {
        TokenLedger.Lock held = (another ? elsewhere : here).acquire(FAMILY, LONG);
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

    /** These two had one lock while there were groups of families. */
    @Test
    void acquire_ofAnotherFamily_neverWaits() throws Exception {
        String first = "0000000000000000";
        String second = "0000000000012100";
        List<String> ids = new ArrayList<>(List.of(first, second));
        for (int i = 0; i < 3000; i++) {
            ids.add(TestTokenService.HASH.ofToken("token " + i));
        }
        List<TokenLedger.Lock> held = new ArrayList<>();
        for (String id : ids) {
            held.add(here.acquire(id, Duration.ZERO));
        }
        assertThat(here.size()).isEqualTo(ids.size());
        for (String id : List.of(first, ids.get(3001))) {
            assertThatThrownBy(() -> elsewhere.acquire(id, Duration.ZERO)).isInstanceOf(IOException.class);
        }
        held.forEach(TokenLedger.Lock::close);
        assertThat(here.size()).isZero();
        assertThat(elsewhere.size()).isZero();
        elsewhere.acquire(first, Duration.ZERO).close();
    }

    @Test
    void acquire_whereTheFileSystemHasNoLocks_keepsThreadsOut() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        InterProcessLocks alone = new InterProcessLocks(directory.resolve("lock"), (channel, offset) -> {
            asked.incrementAndGet();
            throw new IOException("No locks available");
        });
        assertThat(alone.areOfThreadsAlone()).isFalse();
        TokenLedger.Lock held = alone.acquire(FAMILY, LONG);
        assertThat(alone.areOfThreadsAlone()).isTrue();
        here = alone;
        Thread next = waiter("next");
        assertThat(got).isEmpty();
        held.close();
        next.join(LONG.toMillis());
        assertThat(got).containsExactly("next");
        assertThat(asked).hasValue(1);
    }

    @Test
    void acquire_afterLocksHaveWorked_failsWhenTheDiskDoes() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        InterProcessLocks failing = new InterProcessLocks(directory.resolve("lock"), (channel, offset) -> {
            if (asked.incrementAndGet() > 1) {
                throw new IOException("Input/output error");
            }
            return channel.tryLock(offset, 1, false);
        });
        failing.acquire(FAMILY, LONG).close();
        assertThatThrownBy(() -> failing.acquire(FAMILY, LONG)).hasMessageContaining("Input/output error");
        assertThat(failing.areOfThreadsAlone()).isFalse();
        assertThat(failing.size()).isZero();
    }

    @Test
    void acquire_whereTheFileCannotBeMade_fails() {
        InterProcessLocks nowhere =
                new InterProcessLocks(directory.resolve("missing").resolve("lock"));
        assertThatThrownBy(() -> nowhere.acquire(FAMILY, LONG)).isInstanceOf(IOException.class);
        assertThat(nowhere.areOfThreadsAlone()).isFalse();
    }

    private Thread waiter(String name) throws InterruptedException {
        Thread thread = new Thread(() -> {
            try (TokenLedger.Lock lock = here.acquire(FAMILY, LONG)) {
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
