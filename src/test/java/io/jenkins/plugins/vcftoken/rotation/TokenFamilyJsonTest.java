package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.jenkins.plugins.vcftoken.oauth.Account;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Ledgers written by released versions, without the keys to their secrets. */
class TokenFamilyJsonTest {

    /** On the class path, since mutation tests run in another directory. */
    private static final URL HOMES = TokenFamilyJsonTest.class.getResource("../upgrade/UpgradeJenkinsTest");

    /** Returns ciphertext unchanged. */
    private static final FileTokenLedger.Cipher NO_CIPHER = new FileTokenLedger.Cipher() {
        @Override
        public String seal(String secret) {
            return secret;
        }

        @Override
        public String open(String sealed) {
            return sealed;
        }
    };

    private final ObjectMapper json = new ObjectMapper();
    private final TokenFamilyJson format = new TokenFamilyJson(NO_CIPHER);

    @Test
    void read_ofFormat1_returnsAllRecords() throws Exception {
        Map<String, TokenFamily> records = records("format1");
        assertThat(records).hasSize(11);
        assertThat(records.values())
                .extracting(TokenFamily::state)
                .contains(
                        TokenFamily.Status.READY,
                        TokenFamily.Status.REQUESTING,
                        TokenFamily.Status.UNKNOWN,
                        TokenFamily.Status.REJECTED);

        TokenFamily rotated = records.get("system-vcfa");
        assertThat(rotated.account())
                .isEqualTo(new Account("VCF Automation", URI.create("https://vcfa.example.com"), "acme"));
        assertThat(rotated.state()).isEqualTo(TokenFamily.Status.READY);
        assertThat(rotated.tokens().generation()).isEqualTo(2);
        assertThat(rotated.tokens().nonRotating()).isFalse();
        assertThat(rotated.tokens().initialTokenHash()).matches("[0-9a-f]{64}");
        assertThat(rotated.tokens().formerHashes())
                .hasSize(2)
                .contains(rotated.tokens().initialTokenHash());
        assertThat(rotated.tokens().current()).matches("\\{AQAA.*}");
        assertThat(rotated.accessToken().value()).matches("\\{AQAA.*}");
        assertThat(rotated.accessToken().lifetime()).hasMinutes(2);
        assertThat(rotated.changed())
                .isBetween(rotated.accessToken().issuedAt(), Instant.parse("2026-12-01T00:00:00Z"));
        assertThat(rotated.error()).isNull();
        assertThat(rotated.orphaned()).isNull();

        assertThat(records.get("folder-vcfa").locations())
                .containsExactly(new CredentialLocation("folder:folder", "folder-vcfa"));
        assertThat(records.get("user-vcfa").locations())
                .containsExactly(new CredentialLocation("user:alice", "user-vcfa"));
        assertThat(records.get("system-csp-token").account().system()).isEqualTo("Cloud Services");
        assertThat(records.get("system-steady").tokens().nonRotating()).isTrue();
        assertThat(records.get("system-authorized").tokens().formerHashes()).hasSize(2);
        assertThat(records.get("system-authorized").accessToken()).isNull();
        assertThat(records.get("system-gone").orphaned()).isNotNull();
        assertThat(records.get("system-flying").state()).isEqualTo(TokenFamily.Status.REQUESTING);
        for (String id : new String[] {"system-dead", "system-unknown", "system-rescued"}) {
            assertThat(records.get(id).error()).as(id).isNotBlank();
        }
    }

    @Test
    void read_afterWrite_returnsTheExpiry() throws Exception {
        Instant expiry = Instant.parse("2027-01-30T10:00:00Z");
        TokenFamily family = records("format1").get("system-vcfa").regenerating(expiry, expiry);
        TokenFamily read = format.read(new String(format.write(family), StandardCharsets.UTF_8));
        assertThat(read).isEqualTo(family);
        assertThat(read.tokens().expiresAt()).isEqualTo(expiry);
    }

    /** Families by credentials ID. Also checks that each record is written again as it was read. */
    private Map<String, TokenFamily> records(String home) throws Exception {
        Map<String, TokenFamily> records = new TreeMap<>();
        try (DirectoryStream<Path> files =
                Files.newDirectoryStream(Path.of(HOMES.toURI()).resolve(home).resolve("vcf-token"), "*.json")) {
            for (Path file : files) {
                String text = Files.readString(file);
                TokenFamily record = format.read(text);
                assertThat(file).hasFileName(record.id() + ".json");
                String again = new String(format.write(record), StandardCharsets.UTF_8);
                assertThat(json.readTree(again)).as(file.toString()).isEqualTo(json.readTree(text));
                records.put(record.locations().iterator().next().credentialsId(), record);
            }
        }
        return records;
    }
}
