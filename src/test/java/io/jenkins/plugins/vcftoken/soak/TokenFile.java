package io.jenkins.plugins.vcftoken.soak;

import io.jenkins.plugins.vcftoken.rotation.CredentialWriter;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/** Credentials store with one token, shared by several processes. */
final class TokenFile implements CredentialWriter {

    private static final Object THREADS = new Object();

    private final Path file;

    TokenFile(Path file) {
        this.file = file;
    }

    String read() throws IOException {
        return change(token -> token);
    }

    @Override
    public void writeBack(Predicate<String> sameFamily, String current, boolean force) throws IOException {
        change(token -> sameFamily.test(token) ? current : token);
    }

    /** @return the new content */
    String change(UnaryOperator<String> change) throws IOException {
        synchronized (THREADS) {
            try (FileChannel channel = FileChannel.open(lock(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock lock = channel.lock()) {
                String before = Files.exists(file) ? Files.readString(file) : "";
                String after = change.apply(before);
                if (!after.equals(before)) {
                    // Atomically, as Jenkins does: the process may be killed.
                    Path fresh = Files.writeString(file.resolveSibling(file.getFileName() + ".new"), after);
                    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
                }
                return after;
            }
        }
    }

    private Path lock() {
        return file.resolveSibling(file.getFileName() + ".lock");
    }
}
