package io.jenkins.plugins.vcftoken.store;

import io.jenkins.plugins.vcftoken.family.Ledger;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Locks over all threads and processes: one byte of a single file per group of families. The operating system frees
 * them when a process dies, so none can go stale. The file stays open for good, since closing any channel to it would
 * free every lock of this process.
 */
final class FamilyLocks {

    private static final int GROUPS = 1 << 10;
    private static final Duration POLL = Duration.ofMillis(10);

    private final Path file;
    private final ReentrantLock[] threads = new ReentrantLock[GROUPS];
    private FileChannel channel;

    FamilyLocks(Path file) {
        this.file = file;
        for (int i = 0; i < GROUPS; i++) {
            threads[i] = new ReentrantLock(true);
        }
    }

    Ledger.Lock acquire(String id, Duration limit) throws IOException, InterruptedException {
        int group = Math.floorMod(id.hashCode(), GROUPS);
        long deadline = System.nanoTime() + limit.toNanos();
        ReentrantLock thread = threads[group];
        if (!thread.tryLock(limit.toNanos(), TimeUnit.NANOSECONDS)) {
            throw busy(limit);
        }
        try {
            FileLock process = lockProcess(group, deadline, limit);
            return () -> {
                try {
                    process.release();
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                } finally {
                    thread.unlock();
                }
            };
        } catch (IOException | InterruptedException | RuntimeException e) {
            thread.unlock();
            throw e;
        }
    }

    /** Polls: a blocking lock would close the channel, and so free all locks, if its thread were interrupted. */
    private FileLock lockProcess(int group, long deadline, Duration limit) throws IOException, InterruptedException {
        while (true) {
            FileLock lock = tryLock(group);
            if (lock != null) {
                return lock;
            }
            if (System.nanoTime() - deadline > 0) {
                throw busy(limit);
            }
            TimeUnit.NANOSECONDS.sleep(POLL.toNanos());
        }
    }

    private FileLock tryLock(int group) throws IOException {
        try {
            return channel().tryLock(group, 1, false);
        } catch (OverlappingFileLockException e) {
            // Another class loader of this process.
            return null;
        }
    }

    private synchronized FileChannel channel() throws IOException {
        if (channel == null || !channel.isOpen()) {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        }
        return channel;
    }

    private static IOException busy(Duration limit) {
        return new IOException("another exchange of this account is in flight since " + limit.toSeconds() + " s");
    }
}
