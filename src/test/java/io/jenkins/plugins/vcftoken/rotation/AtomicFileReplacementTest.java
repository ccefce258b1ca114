package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileReplacementTest {

    private final AtomicInteger attempts = new AtomicInteger();

    @Test
    void replace_movesTheNewFileOverTheOldOne(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "old");
        AtomicFileReplacement.replace(Files.writeString(directory.resolve("fresh"), "new"), file);
        assertThat(file).hasContent("new");
        assertThat(directory.resolve("fresh")).doesNotExist();
    }

    @Test
    void replace_whileTheFileIsOpen_isRetried() throws Exception {
        AtomicFileReplacement.retryWhileOpen(() -> failUntilAttempt(4));
        assertThat(attempts).hasValue(4);
    }

    @Test
    void replace_ofAFileThatStaysOpen_fails() {
        assertThatThrownBy(() -> AtomicFileReplacement.retryWhileOpen(() -> failUntilAttempt(Integer.MAX_VALUE)))
                .isInstanceOf(AccessDeniedException.class);
        assertThat(attempts).hasValueBetween(10, 100);
    }

    @Test
    void replace_afterAnotherError_isNotRetried(@TempDir Path directory) {
        assertThatThrownBy(() -> AtomicFileReplacement.retryWhileOpen(() -> {
                    attempts.incrementAndGet();
                    throw new NoSuchFileException("fresh");
                }))
                .isInstanceOf(NoSuchFileException.class);
        assertThat(attempts).hasValue(1);
    }

    @Test
    void replace_onAnInterruptedThread_succeeds() throws Exception {
        Thread.currentThread().interrupt();
        AtomicFileReplacement.retryWhileOpen(() -> failUntilAttempt(3));
        assertThat(attempts).hasValue(3);
        assertThat(Thread.interrupted()).isTrue();
    }

    private void failUntilAttempt(int last) throws AccessDeniedException {
        if (attempts.incrementAndGet() < last) {
            throw new AccessDeniedException("C:\\token");
        }
    }
}
