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
 * Locks across threads and processes. Each family has one byte of a single file, at an offset from its ID. The
 * operating system releases the locks of a process that dies. The file stays open, since closing any channel to it
 * would release all locks of this process ({@link FileLock}). Where the file system has no locks, only threads are kept
 * out.
 */
final class InterProcessLocks {

    private static final Logger LOGGER = Logger.getLogger(InterProcessLocks.class.getName());
    private static final Duration POLL = Duration.ofMillis(10);

    /** Of an ID: 60 bits, the largest offset that a file can have. */
    private static final int OFFSET_DIGITS = 15;

    private final Path file;
    private final ByteLocks byteLocks;
    private final ConcurrentMap<String, ThreadLock> threads = new ConcurrentHashMap<>();

    @CheckForNull
    private FileChannel channel;

    /** Whether the file system has locks; null until the first one was requested. */
    @CheckForNull
    private volatile Boolean supported;

    InterProcessLocks(Path file) {
        this(file, (channel, offset) -> channel.tryLock(offset, 1, false));
    }

    InterProcessLocks(Path file, ByteLocks byteLocks) {
        this.file = file;
        this.byteLocks = byteLocks;
    }

    /** The call of the file system; tests replace it. */
    @FunctionalInterface
    interface ByteLocks {
        /** @return null when another process has the lock */
        @CheckForNull
        FileLock tryLock(FileChannel channel, long offset) throws IOException;
    }

    /** A fair lock that is in the map while a thread has it or waits for it. */
    private static final class ThreadLock extends ReentrantLock {
        private static final long serialVersionUID = 1;

        /** Changed within the map's {@code compute}. */
        private int users;

        ThreadLock() {
            super(true);
        }
    }

    /** Whether other processes are known not to be kept out, because the file system has no locks. */
    boolean areOfThreadsAlone() {
        return Boolean.FALSE.equals(supported);
    }

    /** How many families are locked or waited for. */
    int size() {
        return threads.size();
    }

    /** @throws IOException when the lock is not free within the limit, or the disk fails */
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
                throw busy(limit);
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
                leave(id);
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
            leave(id);
        }
    }

    private void leave(String id) {
        threads.computeIfPresent(id, (same, lock) -> --lock.users == 0 ? null : lock);
    }

    private static long offset(String id) {
        return Long.parseLong(id.substring(0, Math.min(OFFSET_DIGITS, id.length())), 16);
    }

    /**
     * Polls: interrupting a thread in a blocking {@code lock} would close the channel, and so release all locks.
     *
     * @return null where the file system has no locks
     */
    @CheckForNull
    private FileLock lockProcess(long offset, long deadline, Duration limit) throws IOException, InterruptedException {
        while (!areOfThreadsAlone()) {
            FileLock lock = tryLock(offset);
            if (lock != null) {
                return lock;
            }
            if (System.nanoTime() - deadline > 0) {
                throw busy(limit);
            }
            TimeUnit.NANOSECONDS.sleep(POLL.toNanos());
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
            // Another class loader of this process has the lock.
            supported = true;
            return null;
        } catch (ClosedChannelException e) {
            throw e;
        } catch (IOException e) {
            // The file system has locks if one has worked before; then this is a failure of the disk.
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

    private static IOException busy(Duration limit) {
        return new IOException("another request of this account has run for more than " + limit.toSeconds() + " s");
    }
}
