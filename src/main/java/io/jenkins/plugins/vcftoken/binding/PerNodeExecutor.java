package io.jenkins.plugins.vcftoken.binding;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/**
 * Runs the work of each node in order, one piece at a time: a node that hangs occupies one thread and delays no
 * other.
 */
final class PerNodeExecutor {

    private final Executor threads;

    /** The last work submitted for each node that has some. */
    private final Map<String, CompletableFuture<Void>> last = new ConcurrentHashMap<>();

    /** @param threads must have one for each node that has work */
    PerNodeExecutor(Executor threads) {
        this.threads = threads;
    }

    /** Work that waits for a node or a disk. */
    @FunctionalInterface
    interface Work {
        void run() throws IOException, InterruptedException;
    }

    /** @return fails as the work does, or with a rejection while Jenkins shuts down */
    CompletableFuture<Void> submit(String node, Work work) {
        CompletableFuture<Void> done = last.compute(
                node,
                (same, before) -> (before == null ? CompletableFuture.<Void>completedFuture(null) : before)
                        .handleAsync((nothing, failure) -> run(work), threads));
        done.whenComplete((nothing, failure) -> last.remove(node, done));
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

    /** How many nodes have work. */
    int waiting() {
        return last.size();
    }
}
