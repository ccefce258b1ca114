package io.jenkins.plugins.vcftoken.binding;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Does the work of each node in order and one piece at a time, so that a node that hangs occupies one thread and delays
 * no other node.
 */
final class PerNodeExecutor {

    private final Executor threads;

    /** What was submitted last for each node that has work to do. */
    private final Map<String, CompletableFuture<Void>> last = new ConcurrentHashMap<>();

    /** @param threads as many as there are nodes with work to do */
    PerNodeExecutor(Executor threads) {
        this.threads = threads;
    }

    /** Work that waits for a node or a disk. */
    @FunctionalInterface
    interface Work {
        void run() throws IOException, InterruptedException;
    }

    /** @return fails as the work does, or when it is refused because Jenkins is going down */
    CompletableFuture<Void> submit(String node, Work work) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        CompletableFuture<Void> turn;
        try {
            turn = last.compute(
                    node,
                    (same, before) -> (before == null ? CompletableFuture.<Void>completedFuture(null) : before)
                            .handleAsync((nothing, failure) -> run(work, done), threads));
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(refused(e));
        }
        turn.whenComplete((nothing, failure) -> {
            last.remove(node, turn);
            if (failure != null) {
                done.completeExceptionally(refused(failure));
            }
        });
        return done;
    }

    private static Void run(Work work, CompletableFuture<Void> done) {
        try {
            work.run();
            done.complete(null);
        } catch (IOException | InterruptedException | RuntimeException | Error e) {
            done.completeExceptionally(e);
        }
        return null;
    }

    private static IOException refused(Throwable cause) {
        return new IOException("Jenkins is going down", cause);
    }

    /** How many nodes have work to do. */
    int waiting() {
        return last.size();
    }
}
