package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.jenkins.plugins.vcftoken.oauth.Account;
import java.io.IOException;
import java.net.URI;
import java.time.Instant;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** Parses arbitrary store entries; run with {@code JAZZER_FUZZ=1} or {@code bin/test --long}. */
@EnabledIfEnvironmentVariable(named = "JAZZER_FUZZ", matches = "1")
class SharedTokenStateFuzzTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final Account ACCOUNT =
            new Account("VCF Automation", URI.create("https://vcfa.example.com"), "acme");

    @FuzzTest(maxDuration = "1m")
    void parse_ofArbitraryText_roundTripsOrFails(FuzzedDataProvider data) throws IOException {
        String valid = read("secret", "")
                .with(read("secret", "").family(), "revision", "controller", NOW)
                .write(true);
        int from = data.consumeInt(0, valid.length());
        int to = data.consumeInt(from, valid.length());
        String secret = data.consumeBoolean() ? "secret" : data.consumeAsciiString(20);
        String text = valid.substring(0, from) + data.consumeRemainingAsString() + valid.substring(to);
        SharedTokenState state;
        try {
            state = read(secret, text);
        } catch (IOException e) {
            // The message must not quote the entry.
            assertThat(e.getMessage()).hasSizeLessThan(100);
            return;
        }
        SharedTokenState claimed = state.with(state.family(), "revision", "controller", NOW);
        assertThat(read(claimed.family().tokens().current(), claimed.write(true)))
                .isEqualTo(claimed);
    }

    private static SharedTokenState read(String secret, String text) throws IOException {
        return SharedTokenState.of(new VersionedSecret.Content("1", secret, text), ACCOUNT, NOW);
    }
}
