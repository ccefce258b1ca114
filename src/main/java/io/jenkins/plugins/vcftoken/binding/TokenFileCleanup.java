package io.jenkins.plugins.vcftoken.binding;

import hudson.Extension;
import hudson.ExtensionList;
import hudson.init.Terminator;
import hudson.security.ACL;
import hudson.security.ACLContext;
import hudson.util.DaemonThreadFactory;
import hudson.util.NamingThreadFactory;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.Jenkins;
import jenkins.util.Timer;

/** The threads that write and remove token files: at most one for each node that has some to be written or removed. */
@Extension
public final class TokenFileCleanup {

    private static final Logger LOGGER = Logger.getLogger(TokenFileCleanup.class.getName());

    /** In place of a node, for work that waits for the controller's disk alone; no node has this name. */
    static final String CONTROLLER = "/";

    private static final int NODE_TIMEOUT_SECONDS = 20;

    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            30,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            new NamingThreadFactory(new DaemonThreadFactory(), "vcf-token files"));

    private final PerNodeExecutor nodes = new PerNodeExecutor(threads);

    private final TokenFileRegistry notes = new TokenFileRegistry(
            Jenkins.get().getRootDir().toPath().resolve("vcf-token").resolve("files"));

    static TokenFileCleanup get() {
        return ExtensionList.lookupSingleton(TokenFileCleanup.class);
    }

    /** @param node which the work waits for; empty for the built-in node */
    CompletableFuture<Void> submit(String node, PerNodeExecutor.Work work) {
        return nodes.submit(node, () -> {
            // Any user's build or connection starts the work: which builds exist is no question of permissions here.
            try (ACLContext asSystem = ACL.as2(ACL.SYSTEM2)) {
                work.run();
            }
        });
    }

    /** A node that hangs must not hold a thread for ever. */
    static void limited(PerNodeExecutor.Work work) throws IOException, InterruptedException {
        Thread worker = Thread.currentThread();
        var alarm = Timer.get().schedule(worker::interrupt, NODE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
        try {
            work.run();
        } finally {
            alarm.cancel(false);
        }
    }

    TokenFileRegistry notes() {
        return notes;
    }

    /** What is written, or removed, when Jenkins goes down is waited for; the rest is in the notes. */
    @Terminator
    public static void finishFiles() throws InterruptedException {
        for (TokenFileCleanup work : ExtensionList.lookup(TokenFileCleanup.class)) {
            work.threads.shutdown();
            if (!work.threads.awaitTermination(5, TimeUnit.SECONDS)) {
                LOGGER.log(Level.INFO, "Token files are still being written; leftovers go when their nodes are back");
            }
        }
    }
}
