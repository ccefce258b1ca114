package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenFileModeTest {

    @TempDir
    private Path disk;

    @ParameterizedTest
    @CsvSource({"OWNER, rw-------, rwx------", "GROUP, rw-r-----, rwxr-x---", "EVERYONE, rw-r--r--, rwxr-xr-x"})
    void eachFileAndTheirDirectory_whenWrittenAndWhenReplaced_haveTheMode(
            TokenFileMode mode, String ofFile, String ofDirectory) throws Exception {
        Path directory = disk.resolve("job@tmp").resolve("vcf-token-1");
        for (String token : new String[] {"first", "second"}) {
            assertThat(WriteTokenFiles.write(directory, FileContents.of(token, mode)))
                    .isTrue();
            assertThat(modeOf(directory)).isEqualTo(ofDirectory);
            assertThat(modeOf(directory.resolve(FileContents.TOKEN_FILE))).isEqualTo(ofFile);
            assertThat(modeOf(directory.resolve(FileContents.HEADER_FILE))).isEqualTo(ofFile);
            assertThat(directory.resolve(FileContents.TOKEN_FILE)).hasContent(token);
        }
    }

    private static String modeOf(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
