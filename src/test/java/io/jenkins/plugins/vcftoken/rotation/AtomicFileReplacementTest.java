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

/** Windows refuses to replace a file that a virus scanner, or a step that reads its token, has open. */
class AtomicFileReplacementTest {

    private final AtomicInteger tries = new AtomicInteger();

    @Test
    void replace_putsTheNewFileInThePlaceOfTheOld(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "old");
        AtomicFileReplacement.replace(Files.writeString(directory.resolve("fresh"), "new"), file);
        assertThat(file).hasContent("new");
        assertThat(directory.resolve("fresh")).doesNotExist();
    }

    @Test
    void replace_whileTheFileIsOpenElsewhere_isTriedUntilItIsClosed() throws Exception {
        AtomicFileReplacement.retryWhileOpen(() -> deniedUntil(4));
        assertThat(tries).hasValue(4);
    }

    @Test
    void replace_ofAFileThatStaysOpen_fails() {
        assertThatThrownBy(() -> AtomicFileReplacement.retryWhileOpen(() -> deniedUntil(Integer.MAX_VALUE)))
                .isInstanceOf(AccessDeniedException.class);
        assertThat(tries).hasValueBetween(10, 100);
    }

    @Test
    void replace_thatFailsOtherwise_isNotTriedAgain(@TempDir Path directory) {
        assertThatThrownBy(() -> AtomicFileReplacement.retryWhileOpen(() -> {
                    tries.incrementAndGet();
                    throw new NoSuchFileException("fresh");
                }))
                .isInstanceOf(NoSuchFileException.class);
        assertThat(tries).hasValue(1);
    }

    @Test
    void replace_onAThreadThatIsInterrupted_isDoneAllTheSame() throws Exception {
        Thread.currentThread().interrupt();
        AtomicFileReplacement.retryWhileOpen(() -> deniedUntil(3));
        assertThat(tries).hasValue(3);
        assertThat(Thread.interrupted()).isTrue();
    }

    private void deniedUntil(int last) throws AccessDeniedException {
        if (tries.incrementAndGet() < last) {
            throw new AccessDeniedException("C:\\token");
        }
    }
}
