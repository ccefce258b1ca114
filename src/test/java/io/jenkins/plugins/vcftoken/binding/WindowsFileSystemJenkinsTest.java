package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.FileTokenLedger;
import io.jenkins.plugins.vcftoken.rotation.RefreshTokenHistory;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.TokenLedger;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.AclEntry;
import java.nio.file.attribute.AclEntryPermission;
import java.nio.file.attribute.AclEntryType;
import java.nio.file.attribute.AclFileAttributeView;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Token files and the ledger on Windows, with drives, backslashes and access control lists but no POSIX permissions.
 * The plugin does not change access control lists: files inherit those of their directories.
 */
class WindowsFileSystemJenkinsTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private final FileSystem windows = Jimfs.newFileSystem(Configuration.windows().toBuilder()
            .setAttributeViews("basic", "owner", "dos", "acl")
            .build());

    @AfterEach
    void close() throws IOException {
        windows.close();
    }

    @Test
    void tokenFiles_areWrittenAndReplaced() throws Exception {
        Path directory = windows.getPath("C:\\agent\\workspace\\job@tmp\\vcf-token-1");
        WriteTokenFiles.write(directory, TokenFileContents.of("first"));
        WriteTokenFiles.write(directory, TokenFileContents.of("second"));
        assertThat(directory.resolve(TokenFileContents.TOKEN_FILE)).hasContent("second");
        assertThat(directory.resolve(TokenFileContents.HEADER_FILE)).hasContent("Authorization: Bearer second\n");
        try (var files = Files.list(directory)) {
            assertThat(files).hasSize(2);
        }
    }

    @Test
    void symbolicLinkInPlaceOfTheDirectory_isNotFollowed() throws Exception {
        Path elsewhere = Files.createDirectories(windows.getPath("C:\\elsewhere"));
        Path link = Files.createSymbolicLink(windows.getPath("C:\\vcf-token-1"), elsewhere);
        assertThatThrownBy(() -> WriteTokenFiles.write(link, TokenFileContents.of("token")))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThat(elsewhere).isEmptyDirectory();
    }

    @Test
    void paths_keepTheirSeparator() {
        BlockTokenFiles files = new BlockTokenFiles("job#1", TokenFileMode.OWNER);
        assertThat(files.path("C:\\agent\\job@tmp", TokenFileContents.TOKEN_FILE))
                .matches("C:\\\\agent\\\\job@tmp\\\\vcf-token-[0-9a-f-]{36}\\\\VCF_TOKEN_FILE");
        assertThat(files.path("\\\\server\\share\\job@tmp", TokenFileContents.HEADER_FILE))
                .matches("\\\\\\\\server\\\\share\\\\job@tmp\\\\vcf-token-[0-9a-f-]{36}\\\\VCF_HEADER_FILE");
        assertThat(files.path("C:/agent/job@tmp", TokenFileContents.TOKEN_FILE))
                .matches("C:/agent/job@tmp/vcf-token-[0-9a-f-]{36}/VCF_TOKEN_FILE");
    }

    @Test
    void ledger_isLockedWrittenAndRead() throws Exception {
        Path directory = windows.getPath("C:\\ProgramData\\Jenkins\\.jenkins\\vcf-token");
        FileTokenLedger ledger = new FileTokenLedger(directory, TestTokenService.CIPHER);
        try (TokenLedger.Lock lock = ledger.lock(record(1).id(), Duration.ofSeconds(60))) {
            ledger.save(record(1));
            ledger.save(record(2));
        }
        assertThat(new FileTokenLedger(directory, TestTokenService.CIPHER)
                        .load(record(2).id()))
                .contains(record(2));
        assertThat(ledger.loadAll()).containsExactly(record(2));
        ledger.delete(record(2).id());
        assertThat(ledger.loadAll()).isEmpty();
    }

    @Test
    void accessControlLists_areNotChanged() throws Exception {
        Path directory = Files.createDirectories(windows.getPath("C:\\home\\vcf-token"));
        AclFileAttributeView view = Files.getFileAttributeView(directory, AclFileAttributeView.class);
        List<AclEntry> entries = List.of(AclEntry.newBuilder()
                .setType(AclEntryType.ALLOW)
                .setPrincipal(windows.getUserPrincipalLookupService().lookupPrincipalByName("jenkins"))
                .setPermissions(AclEntryPermission.READ_DATA, AclEntryPermission.WRITE_DATA)
                .build());
        view.setAcl(entries);
        FileTokenLedger ledger = new FileTokenLedger(directory, TestTokenService.CIPHER);
        ledger.save(record(1));
        WriteTokenFiles.write(directory, TokenFileContents.of("token"));
        assertThat(view.getAcl()).isEqualTo(entries);
    }

    private static TokenFamily record(int generation) {
        return new TokenFamily(
                "0123456789abcdef",
                new Account("VCF Automation", URI.create("https://vcfa.example.com"), "acme"),
                TokenFamily.Status.READY,
                new RefreshTokenHistory("cc", "token", List.of("aa"), generation, false),
                new AccessToken("eyJ.b.c", NOW, NOW.plusSeconds(60)),
                Set.of(new CredentialLocation("system", "sa")),
                null,
                NOW,
                null,
                null,
                null);
    }
}
