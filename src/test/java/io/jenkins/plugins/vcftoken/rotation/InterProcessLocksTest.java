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

/** Two {@link InterProcessLocks} on one file behave like two processes. */
class InterProcessLocksTest {

    private static final String FAMILY = "0123456789abcdef";
    private static final Duration LONG = Duration.ofMinutes(2);

    @TempDir
    private Path directory;

    private final List<String> acquired = new CopyOnWriteArrayList<>();
    private InterProcessLocks locks;
    private InterProcessLocks otherProcess;

    @BeforeEach
    void create() {
        locks = new InterProcessLocks(directory.resolve("lock"));
        otherProcess = new InterProcessLocks(directory.resolve("lock"));
    }

    @Test
    void acquire_byWaitingThreads_succeedsInOrder() throws Exception {
        TokenLedger.Lock held = locks.acquire(FAMILY, LONG);
        startWaiter("first");
        startWaiter("second");
        held.close();
        try (TokenLedger.Lock late = locks.acquire(FAMILY, LONG)) {
            assertThat(acquired).containsExactly("first", "second");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void lock_interruptedWhileWaiting_isNotHeld(boolean byOtherProcess) throws Exception {
        TokenLedger.Lock held = (byOtherProcess ? otherProcess : locks).acquire(FAMILY, LONG);
        Thread interrupted = startWaiter("interrupted");
        interrupted.interrupt();
        interrupted.join(LONG.toMillis());
        assertThat(interrupted.isAlive()).isFalse();
        Thread next = startWaiter("next");
        assertThat(acquired).isEmpty();
        held.close();
        next.join(LONG.toMillis());
        assertThat(acquired).containsExactly("next");
        otherProcess.acquire(FAMILY, LONG).close();
    }

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
            held.add(locks.acquire(id, Duration.ZERO));
        }
        assertThat(locks.size()).isEqualTo(ids.size());
        for (String id : List.of(first, ids.get(3001))) {
            assertThatThrownBy(() -> otherProcess.acquire(id, Duration.ZERO)).isInstanceOf(IOException.class);
        }
        held.forEach(TokenLedger.Lock::close);
        assertThat(locks.size()).isZero();
        assertThat(otherProcess.size()).isZero();
        otherProcess.acquire(first, Duration.ZERO).close();
    }

    @Test
    void acquire_whereTheFileSystemHasNoLocks_keepsThreadsOut() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        InterProcessLocks threadOnly = new InterProcessLocks(directory.resolve("lock"), (channel, offset) -> {
            calls.incrementAndGet();
            throw new IOException("No locks available");
        });
        assertThat(threadOnly.areThreadOnly()).isFalse();
        TokenLedger.Lock held = threadOnly.acquire(FAMILY, LONG);
        assertThat(threadOnly.areThreadOnly()).isTrue();
        locks = threadOnly;
        Thread next = startWaiter("next");
        assertThat(acquired).isEmpty();
        held.close();
        next.join(LONG.toMillis());
        assertThat(acquired).containsExactly("next");
        assertThat(calls).hasValue(1);
    }

    @Test
    void acquire_afterLocksHaveWorked_failsWhenTheDiskDoes() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        InterProcessLocks failing = new InterProcessLocks(directory.resolve("lock"), (channel, offset) -> {
            if (calls.incrementAndGet() > 1) {
                throw new IOException("Input/output error");
            }
            return channel.tryLock(offset, 1, false);
        });
        failing.acquire(FAMILY, LONG).close();
        assertThatThrownBy(() -> failing.acquire(FAMILY, LONG)).hasMessageContaining("Input/output error");
        assertThat(failing.areThreadOnly()).isFalse();
        assertThat(failing.size()).isZero();
    }

    @Test
    void acquire_whereTheFileCannotBeCreated_fails() {
        InterProcessLocks nowhere =
                new InterProcessLocks(directory.resolve("missing").resolve("lock"));
        assertThatThrownBy(() -> nowhere.acquire(FAMILY, LONG)).isInstanceOf(IOException.class);
        assertThat(nowhere.areThreadOnly()).isFalse();
    }

    private Thread startWaiter(String name) throws InterruptedException {
        Thread thread = new Thread(() -> {
            try (TokenLedger.Lock lock = locks.acquire(FAMILY, LONG)) {
                acquired.add(name);
            } catch (Exception e) {
                // Interrupted: not acquired.
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
