package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileTokenLedgerTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final TokenFamily RECORD = new TokenFamily(
            "0123456789abcdef",
            new Account("VCF Automation", URI.create("https://vcfa.example.com"), "acme"),
            TokenFamily.Status.UNKNOWN,
            new RefreshTokenHistory("cc", "{AQAAABAAAAAQ}", List.of("aa", "bb"), 7, true),
            new AccessToken("eyJ.b.c", NOW, NOW.plusSeconds(60)),
            Set.of(new CredentialLocation("system", "sa"), new CredentialLocation("folder:a/b", "sa")),
            "lost",
            NOW,
            NOW.plusSeconds(60),
            NOW.plusSeconds(5),
            null);

    @TempDir
    private Path home;

    private Path directory;
    private FileTokenLedger ledger;

    @BeforeEach
    void create() throws Exception {
        directory = home.resolve("ledger");
        ledger = new FileTokenLedger(directory, TestTokenService.CIPHER);
    }

    @Test
    void load_afterSave_returnsTheRecord() throws Exception {
        ledger.save(RECORD);
        assertThat(new FileTokenLedger(directory, TestTokenService.CIPHER).load(RECORD.id()))
                .contains(RECORD);
        assertThat(ledger.loadAll()).containsExactly(RECORD);
    }

    /** Counted with Flight Recorder, since only a power failure would show a missing force. */
    @Test
    void saveAndDelete_forceRecordAndDirectoryToDisk() throws Exception {
        List<String> paths = recordForcedPaths(() -> {
            ledger.save(RECORD);
            ledger.delete(RECORD.id());
        });
        assertThat(paths)
                .filteredOn(path -> path.startsWith(home.toString()))
                .extracting(path -> path.endsWith(".tmp") ? "record" : "directory")
                .containsExactlyInAnyOrder("record", "directory", "directory");
    }

    private List<String> recordForcedPaths(ThrowingCallable action) throws Exception {
        try (Recording recording = new Recording()) {
            recording.enable("jdk.FileForce").withoutThreshold();
            recording.start();
            assertThatCode(action).doesNotThrowAnyException();
            recording.stop();
            Path dump = home.resolve("forced.jfr");
            recording.dump(dump);
            return RecordingFile.readAllEvents(dump).stream()
                    .map(event -> event.getString("path"))
                    .toList();
        }
    }

    @Test
    void save_afterARequest_usesTheReservedSpace() throws Exception {
        ledger.saveRequest(RECORD);
        Path reserved = directory.resolve(RECORD.id() + ".reserved");
        assertThat(Files.size(reserved)).isGreaterThan(Files.size(file()) + 30_000);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(reserved)))
                .isEqualTo("rw-------");
        Object key = Files.readAttributes(reserved, BasicFileAttributes.class).fileKey();
        ledger.save(RECORD);
        assertThat(Files.readAttributes(file(), BasicFileAttributes.class).fileKey())
                .isEqualTo(key);
        assertThat(reserved).doesNotExist();
        assertThat(ledger.load(RECORD.id())).contains(RECORD);
        ledger.save(RECORD);
        assertThat(ledger.loadAll()).containsExactly(RECORD);
    }

    @Test
    void tombstone_isReadBack() throws Exception {
        TokenLedger.Tombstone tombstone =
                new TokenLedger.Tombstone("0123456789abcdef", "vcfa.example.com:443", "VCF Automation at x");
        ledger.saveTombstone(tombstone);
        assertThat(new FileTokenLedger(directory, TestTokenService.CIPHER).findTombstone(tombstone.hash()))
                .contains(tombstone);
        assertThat(ledger.findTombstone("0123456789abcdee")).isEmpty();
        assertThat(ledger.loadAll()).isEmpty();
    }

    @Test
    void creatingTheDirectory_forcesItsParentToDisk() throws Exception {
        Path fresh = home.resolve("fresh");
        List<String> paths = recordForcedPaths(() -> {
            FileTokenLedger created = new FileTokenLedger(fresh, TestTokenService.CIPHER);
            new FileTokenLedger(fresh, TestTokenService.CIPHER);
            Files.delete(fresh);
            created.save(RECORD);
        });
        assertThat(paths).filteredOn(home.toString()::equals).hasSize(2);
    }

    @Test
    void files_areReadableByTheOwnerOnly() throws Exception {
        ledger.save(RECORD);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)))
                .isEqualTo("rwx------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file())))
                .isEqualTo("rw-------");
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactly(file());
        }
    }

    @Test
    void open_removesOldUnfinishedFilesOnly() throws Exception {
        Path left = Files.createFile(directory.resolve(RECORD.id() + "123.tmp"));
        Files.setLastModifiedTime(left, FileTime.from(Instant.now().minus(Duration.ofHours(2))));
        Path writing = Files.createFile(directory.resolve(RECORD.id() + "456.tmp"));
        new FileTokenLedger(directory, TestTokenService.CIPHER);
        assertThat(left).doesNotExist();
        assertThat(writing).exists();
    }

    @Test
    void save_afterTheDirectoryWasDeleted_createsIt() throws Exception {
        Files.delete(directory);
        ledger.save(RECORD);
        assertThat(ledger.loadAll()).containsExactly(RECORD);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)))
                .isEqualTo("rwx------");
    }

    @Test
    void load_ofADamagedRecord_failsAndKeepsTheFile() throws Exception {
        Files.writeString(file(), "{\"format\":1,\"id\":");
        assertThatThrownBy(() -> ledger.load(RECORD.id()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file().toString())
                .hasMessageContaining("damaged");
        assertThat(ledger.loadAll()).isEmpty();
        assertThat(file()).hasContent("{\"format\":1,\"id\":");
    }

    @Test
    void load_ofARecordOfAnotherController_fails() throws Exception {
        ledger.save(RECORD);
        Files.writeString(file(), Files.readString(file()).replace("sealed:", "other:"));
        assertThatThrownBy(() -> ledger.load(RECORD.id())).hasMessageContaining("sealed by another controller");
    }

    /** A newer version may add optional fields without changing the format number. */
    @Test
    void load_withAnUnknownField_ignoresIt() throws Exception {
        ledger.save(RECORD);
        Files.writeString(file(), Files.readString(file()).replaceFirst("\\{", "{\"color\":{\"of\":[1]},"));
        assertThat(ledger.load(RECORD.id())).contains(RECORD);
    }

    @Test
    void findUnreadable_ofANewerFormat_recognizesTheTokens() throws Exception {
        ledger.save(RECORD);
        String newer = Files.readString(file()).replace("\"format\" : 1", "\"format\" : 2");
        Files.writeString(file(), newer);
        assertThat(ledger.findUnreadable("another", "cc")).isEmpty();
        assertThatThrownBy(() -> ledger.load(RECORD.id())).hasMessageContaining("written by a newer version");
        assertThat(ledger.contents().unreadable()).singleElement().satisfies(record -> {
            assertThat(record.familyId()).isEqualTo(RECORD.id());
            assertThat(record.cause()).isEqualTo("written by a newer version of the plugin, in format 2");
        });
        assertThat(ledger.findUnreadable("another", "cc"))
                .as("the initial token")
                .isPresent();
        assertThat(ledger.findUnreadable("another", "bb")).as("a former token").isPresent();
        assertThat(ledger.findUnreadable(RECORD.tokens().current(), "dd"))
                .as("the current token")
                .isPresent();
        assertThat(ledger.findUnreadable("another", "dd")).isEmpty();
        assertThat(file()).hasContent(newer);
        Files.writeString(file(), newer.replace("\"current\" : \"sealed:", "\"current\" : \"other:"));
        assertThat(ledger.findUnreadable(RECORD.tokens().current(), "dd")).isEmpty();
        for (String text : new String[] {"not JSON", "", "null", "[]"}) {
            Files.writeString(file(), text);
            assertThat(ledger.findUnreadable("another", "cc")).isEmpty();
            assertThatThrownBy(() -> ledger.load(RECORD.id())).isInstanceOf(IOException.class);
        }
        ledger.save(RECORD);
        assertThat(ledger.findUnreadable("another", "cc")).isEmpty();
        Files.delete(file());
        assertThat(ledger.findUnreadable("another", "cc")).isEmpty();
    }

    @Test
    void loadChanged_ofAnUnchangedRecord_returnsItOnce() throws Exception {
        Map<String, Object> seen = new HashMap<>();
        ledger.save(RECORD);
        makeOlder();
        assertThat(ledger.loadChanged(seen)).containsExactly(RECORD);
        assertThat(ledger.loadChanged(seen)).isEmpty();
        assertThat(ledger.loadChanged(new HashMap<>())).containsExactly(RECORD);
        new FileTokenLedger(directory, TestTokenService.CIPHER).save(RECORD);
        assertThat(ledger.loadChanged(seen)).containsExactly(RECORD);
    }

    /** A file system with times in seconds does not show a second replacement within a second. */
    @Test
    void loadChanged_ofARecentlyWrittenRecord_returnsItAgain() throws Exception {
        Map<String, Object> seen = new HashMap<>();
        ledger.save(RECORD);
        assertThat(ledger.loadChanged(seen)).containsExactly(RECORD);
        assertThat(ledger.loadChanged(seen)).containsExactly(RECORD);
    }

    private void makeOlder() throws Exception {
        Files.setLastModifiedTime(file(), FileTime.from(Instant.now().minusSeconds(10)));
    }

    @Test
    void load_withAPathAsId_isRefused() {
        assertThatThrownBy(() -> ledger.load("../../secret")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void lock_untilClosed_excludesOthers() throws Exception {
        FileTokenLedger other = new FileTokenLedger(directory, TestTokenService.CIPHER);
        try (TokenLedger.Lock lock = ledger.lock(RECORD.id(), Duration.ofSeconds(1))) {
            assertThatThrownBy(() -> other.lock(RECORD.id(), Duration.ofMillis(50)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("another request of this account");
        }
        other.lock(RECORD.id(), Duration.ofSeconds(1)).close();
    }

    private Path file() {
        return directory.resolve(RECORD.id() + ".json");
    }
}
