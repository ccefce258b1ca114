package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Locks across threads and processes. Each family locks one byte of a single file, at an offset computed from its ID.
 * The operating system releases the locks of a process that dies. The file stays open, since closing any channel to it
 * would release all locks of this process ({@link FileLock}). Where the file system has no locks, only threads are
 * excluded.
 */
final class InterProcessLocks {

    private static final Logger LOGGER = Logger.getLogger(InterProcessLocks.class.getName());
    private static final Duration POLL_INTERVAL = Duration.ofMillis(10);

    /** Hexadecimal digits of an ID that form the offset: 60 bits, since offsets are positive {@code long} values. */
    private static final int OFFSET_DIGITS = 15;

    private final Path file;
    private final ByteLocks byteLocks;
    private final ConcurrentMap<String, ThreadLock> threads = new ConcurrentHashMap<>();

    @CheckForNull
    private FileChannel channel;

    /** Whether the file system has locks; null until the first attempt. */
    @CheckForNull
    private volatile Boolean supported;

    InterProcessLocks(Path file) {
        this(file, (channel, offset) -> channel.tryLock(offset, 1, false));
    }

    InterProcessLocks(Path file, ByteLocks byteLocks) {
        this.file = file;
        this.byteLocks = byteLocks;
    }

    /** File system call; replaced by tests. */
    @FunctionalInterface
    interface ByteLocks {
        /** @return null when another process has the lock */
        @CheckForNull
        FileLock tryLock(FileChannel channel, long offset) throws IOException;
    }

    /** Fair lock that stays in the map while a thread holds it or waits for it. */
    private static final class ThreadLock extends ReentrantLock {
        private static final long serialVersionUID = 1;

        /** Guarded by the map's {@code compute}. */
        private int users;

        ThreadLock() {
            super(true);
        }
    }

    /** Whether the file system is known to have no locks, so that other processes are not excluded. */
    boolean areThreadOnly() {
        return Boolean.FALSE.equals(supported);
    }

    /** Number of families that are locked or waited for. */
    int size() {
        return threads.size();
    }

    /** @throws IOException when the lock is not acquired within the limit, or the disk fails */
    TokenLedger.Lock acquire(String id, Duration limit) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        ThreadLock thread = threads.compute(id, (same, known) -> {
            ThreadLock lock = known == null ? new ThreadLock() : known;
            lock.users++;
            return lock;
        });
        boolean acquired = false;
        try {
            if (!thread.tryLock(limit.toNanos(), TimeUnit.NANOSECONDS)) {
                throw lockTimeout(limit);
            }
            FileLock process;
            try {
                process = lockProcess(offset(id), deadline, limit);
                acquired = true;
            } finally {
                if (!acquired) {
                    thread.unlock();
                }
            }
            return () -> release(id, thread, process);
        } finally {
            if (!acquired) {
                removeUser(id);
            }
        }
    }

    private void release(String id, ThreadLock thread, @CheckForNull FileLock process) {
        try {
            if (process != null) {
                process.release();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            thread.unlock();
            removeUser(id);
        }
    }

    private void removeUser(String id) {
        threads.computeIfPresent(id, (same, lock) -> --lock.users == 0 ? null : lock);
    }

    private static long offset(String id) {
        return Long.parseLong(id.substring(0, Math.min(OFFSET_DIGITS, id.length())), 16);
    }

    /**
     * Polls, since interrupting a thread in a blocking {@code lock} would close the channel and release all locks.
     *
     * @return null where the file system has no locks
     */
    @CheckForNull
    private FileLock lockProcess(long offset, long deadline, Duration limit) throws IOException, InterruptedException {
        while (!areThreadOnly()) {
            FileLock lock = tryLock(offset);
            if (lock != null) {
                return lock;
            }
            if (System.nanoTime() - deadline > 0) {
                throw lockTimeout(limit);
            }
            TimeUnit.NANOSECONDS.sleep(POLL_INTERVAL.toNanos());
        }
        return null;
    }

    @CheckForNull
    private FileLock tryLock(long offset) throws IOException {
        FileChannel open = openFile();
        try {
            FileLock lock = byteLocks.tryLock(open, offset);
            supported = true;
            return lock;
        } catch (OverlappingFileLockException e) {
            // Another class loader of this process holds the lock.
            supported = true;
            return null;
        } catch (ClosedChannelException e) {
            throw e;
        } catch (IOException e) {
            // If a lock has worked before, the file system has locks and the disk has failed.
            if (Boolean.TRUE.equals(supported)) {
                throw e;
            }
            supported = false;
            LOGGER.log(
                    Level.WARNING,
                    e,
                    () -> "The file system of " + file + " has no locks, so a second Jenkins process on this home "
                            + "directory would send refresh tokens that this one sends. Never start one");
            return null;
        }
    }

    private synchronized FileChannel openFile() throws IOException {
        if (channel == null || !channel.isOpen()) {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        }
        return channel;
    }

    private static IOException lockTimeout(Duration limit) {
        return new IOException("another request of this account has run for more than " + limit.toSeconds() + " s");
    }
}
