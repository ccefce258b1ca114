package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.jenkins.plugins.vcftoken.TestTokenService;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** Parses arbitrary ledger files; run with {@code JAZZER_FUZZ=1} or {@code bin/test --long}. */
@EnabledIfEnvironmentVariable(named = "JAZZER_FUZZ", matches = "1")
class TokenFamilyJsonFuzzTest {

    private static final TokenFamilyJson FORMAT = new TokenFamilyJson(TestTokenService.CIPHER);

    @FuzzTest(maxDuration = "1m")
    void read_ofArbitraryText_roundTripsOrFails(FuzzedDataProvider data) throws IOException {
        TokenFamily record;
        String text = data.consumeRemainingAsString();
        try {
            record = FORMAT.read(text);
        } catch (IOException e) {
            // The message must not quote the file.
            assertThat(e.getMessage()).hasSizeLessThan(100);
            return;
        }
        assertThat(FORMAT.read(new String(FORMAT.write(record), StandardCharsets.UTF_8)))
                .isEqualTo(record);
    }
}
