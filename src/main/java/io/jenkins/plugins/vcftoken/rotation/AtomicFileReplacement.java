package io.jenkins.plugins.vcftoken.rotation;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.TimeUnit;

/** Replaces a file as a whole: readers see the old content or the new one. */
public final class AtomicFileReplacement {

    private static final int TRIES = 20;
    private static final long PAUSE_MILLIS = 50;

    private AtomicFileReplacement() {}

    /** @throws IOException when nothing was replaced; both files are as they were */
    public static void replace(Path fresh, Path file) throws IOException {
        retryWhileOpen(
                () -> Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING));
    }

    @FunctionalInterface
    interface Move {
        void run() throws IOException;
    }

    /**
     * On Windows a file that a process has open cannot be replaced; readers and virus scanners close it within a
     * moment. An interrupt does not end the tries, since the content may be stored nowhere else.
     */
    static void retryWhileOpen(Move move) throws IOException {
        boolean interrupted = false;
        try {
            for (int i = 1; ; i++) {
                try {
                    move.run();
                    return;
                } catch (AccessDeniedException e) {
                    if (i == TRIES) {
                        throw e;
                    }
                }
                try {
                    TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
