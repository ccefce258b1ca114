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
 * Runs tasks that block on a server: {@link #PER_SERVER} of each server at a time, and one request of each token
 * family. A task that has to wait is queued and occupies no thread. Callers of one credential location share one
 * request.
 */
final class RequestQueue {

    /** The most threads that a server without responses can occupy. */
    static final int PER_SERVER = 16;

    /** In place of a server, for all credentials that are tested before they are saved. */
    private static final String UNSAVED = "unsaved";

    private final Executor threads;
    private final ConcurrencyLimit families = new ConcurrencyLimit(1);
    private final ConcurrencyLimit servers = new ConcurrencyLimit(PER_SERVER);
    private final ConcurrentMap<Target, PendingRequest> pending = new ConcurrentHashMap<>();
    private volatile boolean shutDown;

    /**
     * Locations of one family do not share requests, since a former token leads to the family only from some of them.
     */
    private record Target(String familyId, CredentialLocation location) {}

    /** A request that is queued or runs. */
    static final class PendingRequest {

        private final Callable<TokenResult> work;
        private final CompletableFuture<TokenResult> result = new CompletableFuture<>();
        private volatile boolean begun;

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

    /** @param threads starts each task at once, whatever their number */
    RequestQueue(Executor threads) {
        this.threads = threads;
    }

    /**
     * Runs a task on a thread of its own when the server's limit allows. Does not block.
     *
     * @return completes exceptionally with what the task throws, or a {@link TokenUnavailableException} during shutdown
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
     * Enqueues a request after those of the same family, unless one of the handle's location is pending. Does not
     * block.
     *
     * @return the pending request, of the given work or of another caller's
     */
    PendingRequest enqueue(String familyId, CredentialHandle handle, Callable<TokenResult> work) {
        Target target = new Target(familyId, handle.location());
        PendingRequest mine = new PendingRequest(work);
        PendingRequest running = pending.putIfAbsent(target, mine);
        if (running != null) {
            return running;
        }
        families.acquire(familyId, () -> {
            call(handle, () -> run(mine, handle)).whenComplete((result, failure) -> {
                // Before its callers continue: they may enqueue the next request.
                pending.remove(target, mine);
                if (failure == null) {
                    mine.result.complete(result);
                } else {
                    mine.result.completeExceptionally(failure);
                }
                families.release(familyId);
            });
            return true;
        });
        return mine;
    }

    private TokenResult run(PendingRequest request, CredentialHandle handle) throws Exception {
        if (shutDown) {
            throw TokenUnavailableException.shuttingDown(handle, null);
        }
        request.begun = true;
        return request.work.call();
    }

    /** From now on no request begins. */
    void shutdown() {
        shutDown = true;
    }

    /** Whether the requests of a location wait for earlier ones. */
    boolean isQueued(CredentialLocation location) {
        List<PendingRequest> requests = pending.entrySet().stream()
                .filter(request -> request.getKey().location().equals(location))
                .map(Map.Entry::getValue)
                .toList();
        return !requests.isEmpty() && requests.stream().noneMatch(request -> request.begun);
    }

    /** IDs of the families with a running request. */
    Set<String> requestingFamilies() {
        return pending.entrySet().stream()
                .filter(request -> request.getValue().begun)
                .map(request -> request.getKey().familyId())
                .collect(Collectors.toSet());
    }

    /** Limits how many tasks of one key run at a time. Tasks that have to wait are queued in order. */
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
         * @param start called at once, or on the thread that frees a slot; must not block. Returns whether a task has
         *     begun, which calls {@link #release} at its end.
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

        /** Gives the slot to the next task that begins. */
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
