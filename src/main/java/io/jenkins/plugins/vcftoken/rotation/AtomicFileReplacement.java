package io.jenkins.plugins.vcftoken.rotation;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.TimeUnit;

/** Puts a file in the place of another one as a whole: readers see the old one or the new one, and never a part. */
public final class AtomicFileReplacement {

    private static final int TRIES = 20;
    private static final long PAUSE_MILLIS = 50;

    private AtomicFileReplacement() {}

    /** @throws IOException when the file is still the old one; the new one is where it was */
    public static void replace(Path fresh, Path file) throws IOException {
        patiently(() -> Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING));
    }

    /** One try. */
    @FunctionalInterface
    interface Move {
        void run() throws IOException;
    }

    /**
     * On Windows a file cannot be replaced while a process has it open, such as a reader or a virus scanner, which takes no
     * longer than a moment. An interrupt does not end the tries, since what is to be stored may be stored nowhere else.
     */
    static void patiently(Move move) throws IOException {
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
                    interrupted |= isInterruptedWithin(PAUSE_MILLIS);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static boolean isInterruptedWithin(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
            return false;
        } catch (InterruptedException e) {
            return true;
        }
    }
}
