package io.jenkins.plugins.vcftoken.rotation;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.TimeUnit;

/** Replaces a file atomically. */
public final class AtomicFileReplacement {

    private static final int MAX_ATTEMPTS = 20;
    private static final long RETRY_DELAY_MILLIS = 50;

    private AtomicFileReplacement() {}

    /** @throws IOException when the file was not replaced; both files are unchanged */
    public static void replace(Path fresh, Path file) throws IOException {
        retryWhileOpen(
                () -> Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING));
    }

    @FunctionalInterface
    interface Move {
        void run() throws IOException;
    }

    /**
     * Windows does not replace a file that a process has open; readers and virus scanners close it soon. An interrupt
     * does not end the retries, since the content may be stored nowhere else.
     */
    static void retryWhileOpen(Move move) throws IOException {
        boolean interrupted = false;
        try {
            for (int i = 1; ; i++) {
                try {
                    move.run();
                    return;
                } catch (AccessDeniedException e) {
                    if (i == MAX_ATTEMPTS) {
                        throw e;
                    }
                }
                try {
                    TimeUnit.MILLISECONDS.sleep(RETRY_DELAY_MILLIS);
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
