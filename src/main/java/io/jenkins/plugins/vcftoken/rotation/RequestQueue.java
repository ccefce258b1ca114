package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/**
 * Runs tasks that block on a server: at most {@link #MAX_PER_SERVER} per server and one request per token family at a
 * time. Further tasks are queued without a thread. Callers of one credential location share one request.
 */
final class RequestQueue {

    /** Maximum number of threads that an unresponsive server can occupy. */
    static final int MAX_PER_SERVER = 16;

    /** Key that connection tests of unsaved credentials use in place of their server. */
    private static final String UNSAVED = "unsaved";

    private final Executor threads;
    private final ConcurrencyLimit families = new ConcurrencyLimit(1);
    private final ConcurrencyLimit servers = new ConcurrencyLimit(MAX_PER_SERVER);
    private final ConcurrentMap<Target, PendingRequest> pending = new ConcurrentHashMap<>();
    private volatile boolean shutDown;

    /** Locations of one family do not share requests, since a former token is accepted only at some of them. */
    private record Target(String familyId, CredentialLocation location) {}

    /** A queued or running request. */
    static final class PendingRequest {

        private final Callable<TokenResult> work;
        private final CompletableFuture<TokenResult> result = new CompletableFuture<>();
        private volatile boolean started;

        private PendingRequest(Callable<TokenResult> work) {
            this.work = work;
        }

        CompletableFuture<TokenResult> result() {
            return result;
        }

        boolean isOf(Callable<TokenResult> other) {
            return work == other;
        }
    }

    /** @param threads starts each task immediately, without a limit */
    RequestQueue(Executor threads) {
        this.threads = threads;
    }

    /**
     * Runs a task on a request thread when the limit of the server allows. Does not block.
     *
     * @return completes exceptionally with the exception of the task, or a {@link TokenUnavailableException} during
     *     shutdown
     */
    <T> CompletableFuture<T> call(CredentialHandle handle, Callable<T> task) {
        CompletableFuture<T> result = new CompletableFuture<>();
        String server = handle.location().isUnsaved()
                ? UNSAVED
                : handle.client().account().host();
        servers.acquire(server, () -> {
            try {
                threads.execute(() -> {
                    try {
                        result.complete(task.call());
                    } catch (Throwable t) {
                        result.completeExceptionally(t);
                    } finally {
                        servers.release(server);
                    }
                });
                return true;
            } catch (RejectedExecutionException e) {
                result.completeExceptionally(TokenUnavailableException.shuttingDown(handle, e));
                return false;
            }
        });
        return result;
    }

    /**
     * Enqueues a request after those of the same family, unless one of the same location is pending. Does not block.
     *
     * @return the pending request of the location, which may be that of another caller
     */
    PendingRequest enqueue(String familyId, CredentialHandle handle, Callable<TokenResult> work) {
        Target target = new Target(familyId, handle.location());
        PendingRequest request = new PendingRequest(work);
        PendingRequest running = pending.putIfAbsent(target, request);
        if (running != null) {
            return running;
        }
        families.acquire(familyId, () -> {
            call(handle, () -> run(request, handle)).whenComplete((result, failure) -> {
                // Before the callers continue, since they may enqueue the next request.
                pending.remove(target, request);
                if (failure == null) {
                    request.result.complete(result);
                } else {
                    request.result.completeExceptionally(failure);
                }
                families.release(familyId);
            });
            return true;
        });
        return request;
    }

    private TokenResult run(PendingRequest request, CredentialHandle handle) throws Exception {
        if (shutDown) {
            throw TokenUnavailableException.shuttingDown(handle, null);
        }
        request.started = true;
        return request.work.call();
    }

    /** Prevents that further requests start. */
    void shutdown() {
        shutDown = true;
    }

    /** Whether requests of a location are pending and none has started. */
    boolean isQueued(CredentialLocation location) {
        List<PendingRequest> requests = pending.entrySet().stream()
                .filter(request -> request.getKey().location().equals(location))
                .map(Map.Entry::getValue)
                .toList();
        return !requests.isEmpty() && requests.stream().noneMatch(request -> request.started);
    }

    /** IDs of families with a running request. */
    Set<String> requestingFamilies() {
        return pending.entrySet().stream()
                .filter(request -> request.getValue().started)
                .map(request -> request.getKey().familyId())
                .collect(Collectors.toSet());
    }

    /** Limits the number of concurrent tasks per key; further tasks are queued in order. */
    private static final class ConcurrencyLimit {

        private final int limit;
        private final Map<String, Slots> slots = new HashMap<>();

        private static final class Slots {
            int used;
            final Queue<BooleanSupplier> waiting = new ArrayDeque<>();
        }

        ConcurrencyLimit(int limit) {
            this.limit = limit;
        }

        /**
         * @param start called immediately, or on the thread that frees a slot; must not block. Returns whether a task
         *     was started, which calls {@link #release} at its end.
         */
        void acquire(String key, BooleanSupplier start) {
            synchronized (slots) {
                Slots ofKey = slots.computeIfAbsent(key, same -> new Slots());
                if (ofKey.used == limit) {
                    ofKey.waiting.add(start);
                    return;
                }
                ofKey.used++;
            }
            if (!start.getAsBoolean()) {
                release(key);
            }
        }

        /** Passes the slot to the next task that starts. */
        void release(String key) {
            BooleanSupplier next;
            do {
                next = next(key);
            } while (next != null && !next.getAsBoolean());
        }

        @CheckForNull
        private BooleanSupplier next(String key) {
            synchronized (slots) {
                Slots ofKey = slots.get(key);
                BooleanSupplier next = ofKey.waiting.poll();
                if (next == null && --ofKey.used == 0) {
                    slots.remove(key);
                }
                return next;
            }
        }
    }
}
