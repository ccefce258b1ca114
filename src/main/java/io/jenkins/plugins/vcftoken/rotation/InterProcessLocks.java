package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.io.IOException;
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
 * Locks over all threads and processes: one byte of a single file for each family, at an offset that its ID gives. The
 * operating system frees them when a process dies, so none can go stale. The file stays open for good, since closing any
 * channel to it would free every lock of this process. Where the file system has no such locks, those of threads are left.
 */
final class InterProcessLocks {

    private static final Logger LOGGER = Logger.getLogger(InterProcessLocks.class.getName());
    private static final Duration POLL = Duration.ofMillis(10);

    /** Of an ID: 60 bits, as many as an offset in a file can have. */
    private static final int OFFSET_DIGITS = 15;

    private final ByteLocks bytes;
    private final ConcurrentMap<String, ThreadLock> threads = new ConcurrentHashMap<>();

    /** Whether the file system has locks; null until it was asked for the first one. */
    @CheckForNull
    private volatile Boolean supported;

    InterProcessLocks(Path file) {
        this(new OpenFile(file));
    }

    InterProcessLocks(ByteLocks bytes) {
        this.bytes = bytes;
    }

    /** What the file system is asked for. */
    @FunctionalInterface
    interface ByteLocks {
        /**
         * @return null when another process has it
         * @throws OverlappingFileLockException when another class loader of this process has it
         */
        @CheckForNull
        FileLock tryLock(long offset) throws IOException;
    }

    /** There while any thread has it or waits for it. */
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

    /** How many families some thread has, or waits for. */
    int size() {
        return threads.size();
    }

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
            throw new java.io.UncheckedIOException(e);
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
     * Polls: a blocking lock would close the channel, and so free all locks, if its thread were interrupted.
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
        try {
            FileLock lock = bytes.tryLock(offset);
            supported = true;
            return lock;
        } catch (OverlappingFileLockException e) {
            // Another class loader of this process.
            supported = true;
            return null;
        } catch (ClosedChannelException | UnopenedException e) {
            throw e;
        } catch (IOException e) {
            // What has worked once is no question of the file system.
            if (Boolean.TRUE.equals(supported)) {
                throw e;
            }
            supported = false;
            LOGGER.log(
                    Level.WARNING,
                    e,
                    () -> "The file system of " + bytes + " has no locks, so a second Jenkins process on this home "
                            + "directory would send refresh tokens that this one sends. Never start one");
            return null;
        }
    }

    /** The file could not be opened, which tells nothing about locks. */
    private static final class UnopenedException extends IOException {
        private static final long serialVersionUID = 1;

        UnopenedException(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    private static final class OpenFile implements ByteLocks {

        private final Path file;
        private FileChannel channel;

        OpenFile(Path file) {
            this.file = file;
        }

        @Override
        public FileLock tryLock(long offset) throws IOException {
            return channel().tryLock(offset, 1, false);
        }

        private synchronized FileChannel channel() throws IOException {
            if (channel == null || !channel.isOpen()) {
                try {
                    channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                } catch (IOException e) {
                    throw new UnopenedException(e);
                }
            }
            return channel;
        }

        @Override
        public String toString() {
            return file.toString();
        }
    }

    private static IOException busy(Duration limit) {
        return new IOException("another exchange of this account is in flight since " + limit.toSeconds() + " s");
    }
}
