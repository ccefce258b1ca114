package io.jenkins.plugins.vcftoken.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.family.FamilyRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** A ledger file that something else has written to; run with {@code JAZZER_FUZZ=1} or {@code bin/test --long}. */
@EnabledIfEnvironmentVariable(named = "JAZZER_FUZZ", matches = "1")
class RecordFormatFuzzTest {

    private static final RecordFormat FORMAT = new RecordFormat(new ObjectMapper(), Core.CIPHER);

    @FuzzTest(maxDuration = "1m")
    void anyFileIsARecordThatSurvivesOrIsRefused(FuzzedDataProvider data) throws IOException {
        FamilyRecord record;
        String text = data.consumeRemainingAsString();
        try {
            record = FORMAT.read(text);
        } catch (IOException e) {
            // A message that quotes the file would show what is in it.
            assertThat(e.getMessage()).hasSizeLessThan(100);
            return;
        }
        assertThat(FORMAT.read(new String(FORMAT.write(record), StandardCharsets.UTF_8)))
                .isEqualTo(record);
    }
}
