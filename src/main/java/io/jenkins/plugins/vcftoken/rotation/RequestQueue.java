package io.jenkins.plugins.vcftoken.rotation;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/**
 * Runs what blocks on a server: {@link #PER_SERVER} tasks of each server at a time, and one request of each token family. A
 * task that has to wait is queued and takes no thread.
 */
final class RequestQueue {

    /** A server that does not answer takes no more threads than these. */
    static final int PER_SERVER = 16;

    /** In place of a server, for credentials that are not saved yet: together they get no more than one server does. */
    private static final String UNSAVED = "unsaved";

    private final Executor threads;
    private final ConcurrencyLimit families = new ConcurrencyLimit(1);
    private final ConcurrencyLimit servers = new ConcurrencyLimit(PER_SERVER);

    /** @param threads runs each task at once, as many as there are */
    RequestQueue(Executor threads) {
        this.threads = threads;
    }

    /**
     * Runs a task on a thread of its own, now or when others of the same server have ended. Does not block.
     *
     * @param task must not throw
     * @param rejected called instead when there are no threads any more
     */
    void run(CredentialHandle handle, Runnable task, Consumer<RejectedExecutionException> rejected) {
        String server = handle.location().isUnsaved()
                ? UNSAVED
                : handle.service().account().host();
        servers.acquire(server, () -> {
            try {
                threads.execute(() -> {
                    try {
                        task.run();
                    } finally {
                        servers.release(server);
                    }
                });
                return true;
            } catch (RejectedExecutionException e) {
                rejected.accept(e);
                return false;
            }
        });
    }

    /** The same for a request of a token family, after those of the same family that came before. */
    void runForFamily(
            String familyId, CredentialHandle handle, Runnable task, Consumer<RejectedExecutionException> rejected) {
        families.acquire(familyId, () -> {
            run(
                    handle,
                    () -> {
                        task.run();
                        families.release(familyId);
                    },
                    rejection -> {
                        rejected.accept(rejection);
                        families.release(familyId);
                    });
            return true;
        });
    }
}
