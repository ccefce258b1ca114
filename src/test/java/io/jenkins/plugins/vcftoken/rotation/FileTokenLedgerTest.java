package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;
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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileTokenLedgerTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final TokenFamily RECORD = new TokenFamily(
            "0123456789abcdef",
            new Account("VCF Automation", URI.create("https://vcfa.example.com"), "acme"),
            TokenFamily.Status.UNKNOWN,
            new TokenHistory("cc", "{AQAAABAAAAAQ}", List.of("aa", "bb"), 7, true),
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
    void whatIsSavedIsReadBack() throws Exception {
        ledger.save(RECORD);
        assertThat(new FileTokenLedger(directory, TestTokenService.CIPHER).load(RECORD.id()))
                .contains(RECORD);
        assertThat(ledger.loadAll()).containsExactly(RECORD);
    }

    /** As the JVM's own recorder counts it. A process that is killed shows nothing of it, only a power failure would. */
    @Test
    void aRecordIsForcedToDiskAndSoIsItsName() throws Exception {
        try (Recording recording = new Recording()) {
            recording.enable("jdk.FileForce").withoutThreshold();
            recording.start();
            ledger.save(RECORD);
            ledger.delete(RECORD.id());
            recording.stop();
            Path dump = home.resolve("forced.jfr");
            recording.dump(dump);
            assertThat(RecordingFile.readAllEvents(dump))
                    .filteredOn(event -> event.getString("path").startsWith(home.toString()))
                    .extracting(event -> event.getString("path").endsWith(".tmp") ? "record" : "directory")
                    .containsExactlyInAnyOrder("record", "directory", "directory");
        }
    }

    /** So that a disk that is full by then has no say. */
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
        TokenLedger.Tombstone forgotten =
                new TokenLedger.Tombstone("0123456789abcdef", "vcfa.example.com:443", "VCF Automation at x");
        ledger.saveTombstone(forgotten);
        assertThat(new FileTokenLedger(directory, TestTokenService.CIPHER).findTombstone(forgotten.hash()))
                .contains(forgotten);
        assertThat(ledger.findTombstone("0123456789abcdee")).isEmpty();
        assertThat(ledger.loadAll()).isEmpty();
    }

    @Test
    void theDirectorysOwnNameIsForcedToDiskWhenItIsMade() throws Exception {
        Path fresh = home.resolve("fresh");
        try (Recording recording = new Recording()) {
            recording.enable("jdk.FileForce").withoutThreshold();
            recording.start();
            FileTokenLedger made = new FileTokenLedger(fresh, TestTokenService.CIPHER);
            new FileTokenLedger(fresh, TestTokenService.CIPHER);
            Files.delete(fresh);
            made.save(RECORD);
            recording.stop();
            Path dump = home.resolve("forced.jfr");
            recording.dump(dump);
            assertThat(RecordingFile.readAllEvents(dump))
                    .filteredOn(event -> event.getString("path").equals(home.toString()))
                    .hasSize(2);
        }
    }

    @Test
    void onlyTheOwnerCanReadIt() throws Exception {
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
    void aDirectoryThatWasRemovedIsMadeAgain() throws Exception {
        Files.delete(directory);
        ledger.save(RECORD);
        assertThat(ledger.loadAll()).containsExactly(RECORD);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)))
                .isEqualTo("rwx------");
    }

    @Test
    void aDamagedRecordIsNamedAndLeftAlone() throws Exception {
        Files.writeString(file(), "{\"format\":1,\"id\":");
        assertThatThrownBy(() -> ledger.load(RECORD.id()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file().toString())
                .hasMessageContaining("damaged");
        assertThat(ledger.loadAll()).isEmpty();
        assertThat(file()).hasContent("{\"format\":1,\"id\":");
    }

    @Test
    void aRecordOfAnotherControllerIsNamedAndLeftAlone() throws Exception {
        ledger.save(RECORD);
        Files.writeString(file(), Files.readString(file()).replace("sealed:", "other:"));
        assertThatThrownBy(() -> ledger.load(RECORD.id())).hasMessageContaining("sealed by another controller");
    }

    /** A newer version may write more; what it could not do without would have another number. */
    @Test
    void whatThisVersionDoesNotKnowInARecordIsPassedOver() throws Exception {
        ledger.save(RECORD);
        Files.writeString(file(), Files.readString(file()).replaceFirst("\\{", "{\"color\":{\"of\":[1]},"));
        assertThat(ledger.load(RECORD.id())).contains(RECORD);
    }

    /** An older version was installed over a newer one. */
    @Test
    void recordOfANewerFormat_isUnusableAndRecognized() throws Exception {
        ledger.save(RECORD);
        String newer = Files.readString(file()).replace("\"format\" : 1", "\"format\" : 2");
        Files.writeString(file(), newer);
        assertThat(ledger.unusable("another", "cc")).isEmpty();
        assertThatThrownBy(() -> ledger.load(RECORD.id())).hasMessageContaining("written by a newer version");
        assertThat(ledger.contents().unreadable()).singleElement().satisfies(record -> {
            assertThat(record.familyId()).isEqualTo(RECORD.id());
            assertThat(record.cause()).isEqualTo("written by a newer version of the plugin, in format 2");
        });
        assertThat(ledger.unusable("another", "cc")).as("the initial token").isPresent();
        assertThat(ledger.unusable("another", "bb")).as("a former token").isPresent();
        assertThat(ledger.unusable(RECORD.tokens().current(), "dd"))
                .as("the current token")
                .isPresent();
        assertThat(ledger.unusable("another", "dd")).isEmpty();
        assertThat(file()).hasContent(newer);
        Files.writeString(file(), newer.replace("\"current\" : \"sealed:", "\"current\" : \"other:"));
        assertThat(ledger.unusable(RECORD.tokens().current(), "dd")).isEmpty();
        for (String nothing : new String[] {"not JSON", "", "null", "[]"}) {
            Files.writeString(file(), nothing);
            assertThat(ledger.unusable("another", "cc")).isEmpty();
            assertThatThrownBy(() -> ledger.load(RECORD.id())).isInstanceOf(IOException.class);
        }
        ledger.save(RECORD);
        assertThat(ledger.unusable("another", "cc")).isEmpty();
        Files.delete(file());
        assertThat(ledger.unusable("another", "cc")).isEmpty();
    }

    @Test
    void aReaderHasAnUnchangedRecordOnce() throws Exception {
        Map<String, Object> seen = new HashMap<>();
        ledger.save(RECORD);
        age();
        assertThat(ledger.loadChanged(seen)).containsExactly(RECORD);
        assertThat(ledger.loadChanged(seen)).isEmpty();
        assertThat(ledger.loadChanged(new HashMap<>())).containsExactly(RECORD);
        new FileTokenLedger(directory, TestTokenService.CIPHER).save(RECORD);
        assertThat(ledger.loadChanged(seen)).containsExactly(RECORD);
    }

    /** A file system that counts in seconds would not show a second replacement in the same one. */
    @Test
    void aRecordThatWasJustWrittenIsReadAgain() throws Exception {
        Map<String, Object> seen = new HashMap<>();
        ledger.save(RECORD);
        assertThat(ledger.loadChanged(seen)).containsExactly(RECORD);
        assertThat(ledger.loadChanged(seen)).containsExactly(RECORD);
    }

    private void age() throws Exception {
        Files.setLastModifiedTime(file(), FileTime.from(Instant.now().minusSeconds(10)));
    }

    @Test
    void noPathCanBeSmuggledInAsAnId() {
        assertThatThrownBy(() -> ledger.load("../../secret")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aLockKeepsOthersOutUntilItIsClosed() throws Exception {
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
