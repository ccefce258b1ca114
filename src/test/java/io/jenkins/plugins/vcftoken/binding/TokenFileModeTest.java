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
    void write_ofNewAndExistingFiles_setsTheMode(
            TokenFileMode mode, String filePermissions, String directoryPermissions) throws Exception {
        Path directory = disk.resolve("job@tmp").resolve("vcf-token-1");
        for (String token : new String[] {"first", "second"}) {
            assertThat(WriteTokenFiles.write(directory, TokenFileContents.of(token, mode)))
                    .isTrue();
            assertThat(permissions(directory)).isEqualTo(directoryPermissions);
            assertThat(permissions(directory.resolve(TokenFileContents.TOKEN_FILE)))
                    .isEqualTo(filePermissions);
            assertThat(permissions(directory.resolve(TokenFileContents.HEADER_FILE)))
                    .isEqualTo(filePermissions);
            assertThat(directory.resolve(TokenFileContents.TOKEN_FILE)).hasContent(token);
        }
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
