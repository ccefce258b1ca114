package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PerNodeExecutorTest {

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final PerNodeExecutor executor = new PerNodeExecutor(threads);
    private final CountDownLatch released = new CountDownLatch(1);

    @AfterEach
    void stop() {
        released.countDown();
        threads.shutdownNow();
    }

    @Test
    void tasksOfOtherNodes_whileManyNodesHang_run() throws Exception {
        CountDownLatch hanging = new CountDownLatch(24);
        for (int node = 0; node < 24; node++) {
            for (int i = 0; i < 3; i++) {
                executor.submit("hung-" + node, () -> {
                    hanging.countDown();
                    released.await();
                });
            }
        }
        hanging.await();
        executor.submit("healthy", () -> {}).get(10, TimeUnit.SECONDS);
    }

    @Test
    void tasksOfOneNode_runSequentiallyInOrder() throws Exception {
        AtomicInteger concurrent = new AtomicInteger();
        AtomicInteger maxConcurrent = new AtomicInteger();
        List<Integer> order = Collections.synchronizedList(new ArrayList<>());
        List<CompletableFuture<Void>> all = IntStream.range(0, 200)
                .mapToObj(i -> executor.submit("node", () -> {
                    maxConcurrent.accumulateAndGet(concurrent.incrementAndGet(), Math::max);
                    order.add(i);
                    concurrent.decrementAndGet();
                }))
                .toList();
        CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).get();
        assertThat(maxConcurrent).hasValue(1);
        assertThat(order).isSorted().hasSize(200);
        while (executor.busyNodeCount() > 0) {
            Thread.onSpinWait();
        }
    }

    @Test
    void task_afterAFailedTask_runs() throws Exception {
        CompletableFuture<Void> failing = executor.submit("node", () -> {
            throw new IllegalStateException("disk full");
        });
        executor.submit("node", () -> {}).get();
        assertThatThrownBy(failing::get)
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(IllegalStateException.class);
    }

    @Test
    void task_afterShutdown_fails() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        CompletableFuture<Void> first = executor.submit("node", () -> {
            started.countDown();
            released.await();
        });
        CompletableFuture<Void> queued = executor.submit("node", () -> {});
        started.await();
        threads.shutdown();
        released.countDown();
        first.get();
        for (CompletableFuture<Void> late : List.of(queued, executor.submit("node", () -> {}))) {
            assertThatThrownBy(late::get).hasRootCauseInstanceOf(RejectedExecutionException.class);
        }
    }
}
