package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The ledger on a small in-memory file system. */
class FullDiskJenkinsTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final TokenFamily RECORD = record(TokenFamily.Status.REQUESTING, "current", "access");

    private static TokenFamily record(TokenFamily.Status state, String current, String accessToken) {
        return new TokenFamily(
                "0123456789abcdef",
                new Account("VCF Automation", URI.create("https://vcfa.example.com"), "acme"),
                state,
                new RefreshTokenHistory("cc", current, List.of("aa", "bb"), 7, false),
                new AccessToken(accessToken, NOW, NOW.plusSeconds(60)),
                Set.of(new CredentialLocation("system", "sa")),
                null,
                NOW,
                null,
                null,
                null);
    }

    private static FileSystem disk(int kilobytes) {
        return Jimfs.newFileSystem(Configuration.unix().toBuilder()
                // Without POSIX attributes, since this file system cannot force directories.
                .setAttributeViews("basic")
                .setMaxSize(kilobytes << 10)
                .setBlockSize(4096)
                .build());
    }

    @Test
    void save_ofAResponse_onADiskThatFilledUpDuringTheRequest_works() throws Exception {
        try (FileSystem disk = disk(1024)) {
            FileTokenLedger ledger = new FileTokenLedger(disk.getPath("/home/ledger"), TestTokenService.CIPHER);
            ledger.saveRequest(RECORD);
            fill(disk.getPath("/home/rest"));
            TokenFamily other = TokenFamily.created(RECORD.account(), "other", TestTokenService.HASH, RECORD.changed());
            assertThatThrownBy(() -> ledger.save(other)).isInstanceOf(IOException.class);
            TokenFamily response = record(TokenFamily.Status.READY, "n".repeat(4000), "b".repeat(8000));
            ledger.save(response);
            assertThat(ledger.load(RECORD.id())).contains(response);
            try (var files = Files.list(disk.getPath("/home/ledger"))) {
                assertThat(files.map(file -> file.getFileName().toString())).containsExactly(RECORD.id() + ".json");
            }
        }
    }

    private static void fill(Path file) throws IOException {
        try (OutputStream rest = Files.newOutputStream(file)) {
            while (true) {
                rest.write(new byte[4096]);
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("out of disk space");
        }
    }

    @Test
    void saveRequest_withoutRoomForTheResponse_failsAndLeavesNoFile() throws Exception {
        try (FileSystem disk = disk(16)) {
            FileTokenLedger ledger = new FileTokenLedger(disk.getPath("/home/ledger"), TestTokenService.CIPHER);
            assertThatThrownBy(() -> ledger.saveRequest(RECORD)).isInstanceOf(IOException.class);
            try (var files = Files.list(disk.getPath("/home/ledger"))) {
                assertThat(files).isEmpty();
            }
        }
    }
}
