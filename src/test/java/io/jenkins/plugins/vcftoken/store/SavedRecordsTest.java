package io.jenkins.plugins.vcftoken.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.family.FamilyRecord;
import io.jenkins.plugins.vcftoken.family.FamilyState;
import io.jenkins.plugins.vcftoken.family.Place;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The ledgers of the homes that released versions left, without the keys to their secrets. */
class SavedRecordsTest {

    private static final Path HOMES =
            Path.of("src/test/resources/io/jenkins/plugins/vcftoken/upgrade/UpgradeJenkinsTest");

    /** Leaves ciphertext as it is. */
    private static final SecretCipher SEALED = new SecretCipher() {
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
    private final RecordFormat format = new RecordFormat(json, SEALED);

    @Test
    void format1() throws Exception {
        Map<String, FamilyRecord> records = records("format1");
        assertThat(records).hasSize(11);
        assertThat(records.values())
                .extracting(FamilyRecord::state)
                .contains(FamilyState.OK, FamilyState.IN_FLIGHT, FamilyState.UNKNOWN, FamilyState.DEAD);

        FamilyRecord rotated = records.get("system-vcfa");
        assertThat(rotated.endpoint())
                .isEqualTo(new Endpoint("VCF Automation", URI.create("https://vcfa.example.com"), "acme"));
        assertThat(rotated.state()).isEqualTo(FamilyState.OK);
        assertThat(rotated.tokens().generation()).isEqualTo(2);
        assertThat(rotated.tokens().steady()).isFalse();
        assertThat(rotated.tokens().seedHash()).matches("[0-9a-f]{64}");
        assertThat(rotated.tokens().formerHashes())
                .hasSize(2)
                .contains(rotated.tokens().seedHash());
        assertThat(rotated.tokens().current()).matches("\\{AQAA.*}");
        assertThat(rotated.bearer().value()).matches("\\{AQAA.*}");
        assertThat(rotated.bearer().lifetime()).hasMinutes(2);
        assertThat(rotated.changed()).isBetween(rotated.bearer().issuedAt(), Instant.parse("2026-12-01T00:00:00Z"));
        assertThat(rotated.trouble()).isNull();
        assertThat(rotated.orphaned()).isNull();

        assertThat(records.get("folder-vcfa").places()).containsExactly(new Place("folder:folder", "folder-vcfa"));
        assertThat(records.get("user-vcfa").places()).containsExactly(new Place("user:alice", "user-vcfa"));
        assertThat(records.get("system-csp-token").endpoint().system()).isEqualTo("Cloud Services");
        assertThat(records.get("system-steady").tokens().steady()).isTrue();
        assertThat(records.get("system-authorized").tokens().formerHashes()).hasSize(2);
        assertThat(records.get("system-authorized").bearer()).isNull();
        assertThat(records.get("system-gone").orphaned()).isNotNull();
        assertThat(records.get("system-flying").state()).isEqualTo(FamilyState.IN_FLIGHT);
        for (String id : new String[] {"system-dead", "system-unknown", "system-rescued"}) {
            assertThat(records.get(id).trouble()).as(id).isNotBlank();
        }
    }

    /** By the credential that each is of; all that was written is read, and would be written again. */
    private Map<String, FamilyRecord> records(String home) throws Exception {
        Map<String, FamilyRecord> records = new TreeMap<>();
        try (DirectoryStream<Path> files =
                Files.newDirectoryStream(HOMES.resolve(home).resolve("vcf-token"), "*.json")) {
            for (Path file : files) {
                String text = Files.readString(file);
                FamilyRecord record = format.read(text);
                assertThat(file).hasFileName(record.id() + ".json");
                String again = new String(format.write(record), StandardCharsets.UTF_8);
                assertThat(json.readTree(again)).as(file.toString()).isEqualTo(json.readTree(text));
                records.put(record.places().iterator().next().credentialsId(), record);
            }
        }
        return records;
    }
}
