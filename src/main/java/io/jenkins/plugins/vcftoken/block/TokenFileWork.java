package io.jenkins.plugins.vcftoken.block;

import hudson.Extension;
import hudson.ExtensionList;
import hudson.init.Terminator;
import hudson.security.ACL;
import hudson.security.ACLContext;
import hudson.util.DaemonThreadFactory;
import hudson.util.NamingThreadFactory;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.Jenkins;
import jenkins.util.Timer;

/** The threads that write and remove token files. */
@Extension
public final class TokenFileWork {

    private static final Logger LOGGER = Logger.getLogger(TokenFileWork.class.getName());

    /** Each may wait for one slow node. */
    private static final int THREADS = 8;

    private static final int NODE_TIMEOUT_SECONDS = 20;

    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(
            THREADS,
            THREADS,
            30,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            new NamingThreadFactory(new DaemonThreadFactory(), "vcf-token files"));

    private final TokenFileNotes notes = new TokenFileNotes(
            Jenkins.get().getRootDir().toPath().resolve("vcf-token").resolve("files"));

    /** For Jenkins. */
    public TokenFileWork() {
        threads.allowCoreThreadTimeOut(true);
    }

    static TokenFileWork get() {
        return ExtensionList.lookupSingleton(TokenFileWork.class);
    }

    /** Something that waits for a node or a disk. */
    @FunctionalInterface
    interface Work {
        void run() throws IOException, InterruptedException;
    }

    CompletableFuture<Void> submit(Work work) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        try {
            threads.execute(() -> {
                // Whoever's build or connection starts the work: which builds exist is no question of permissions here.
                try (ACLContext asSystem = ACL.as2(ACL.SYSTEM2)) {
                    work.run();
                    done.complete(null);
                } catch (IOException | InterruptedException | RuntimeException | Error e) {
                    done.completeExceptionally(e);
                }
            });
        } catch (RejectedExecutionException e) {
            done.completeExceptionally(new IOException("Jenkins is going down", e));
        }
        return done;
    }

    /** A node that hangs must not hold a thread for ever. */
    static void limited(Work work) throws IOException, InterruptedException {
        Thread worker = Thread.currentThread();
        var alarm = Timer.get().schedule(worker::interrupt, NODE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
        try {
            work.run();
        } finally {
            alarm.cancel(false);
        }
    }

    TokenFileNotes notes() {
        return notes;
    }

    /** What is written, or removed, when Jenkins goes down is waited for; the rest is in the notes. */
    @Terminator
    public static void finishFiles() throws InterruptedException {
        for (TokenFileWork work : ExtensionList.lookup(TokenFileWork.class)) {
            work.threads.shutdown();
            if (!work.threads.awaitTermination(5, TimeUnit.SECONDS)) {
                LOGGER.log(Level.INFO, "Token files are still being written; leftovers go when their nodes are back");
            }
        }
    }
}
