package io.jenkins.plugins.vcftoken.binding;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/** Runs the work of each node sequentially. A node that hangs occupies one thread and does not delay other nodes. */
final class PerNodeExecutor {

    private final Executor threads;

    /** Last submitted work by node. */
    private final Map<String, CompletableFuture<Void>> lastWork = new ConcurrentHashMap<>();

    /** @param threads executor that can run one task per node concurrently */
    PerNodeExecutor(Executor threads) {
        this.threads = threads;
    }

    @FunctionalInterface
    interface Work {
        void run() throws IOException, InterruptedException;
    }

    /** @return fails with the exception of the work, or with a rejection while Jenkins shuts down */
    CompletableFuture<Void> submit(String node, Work work) {
        CompletableFuture<Void> done = lastWork.compute(
                node,
                (same, before) -> (before == null ? CompletableFuture.<Void>completedFuture(null) : before)
                        .handleAsync((nothing, failure) -> run(work), threads));
        done.whenComplete((nothing, failure) -> lastWork.remove(node, done));
        return done;
    }

    private static Void run(Work work) {
        try {
            work.run();
            return null;
        } catch (IOException | InterruptedException e) {
            throw new CompletionException(e);
        }
    }

    int busyNodeCount() {
        return lastWork.size();
    }
}
