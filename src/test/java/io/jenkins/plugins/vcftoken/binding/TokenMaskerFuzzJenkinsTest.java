package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** Fuzz test of logs with access tokens; runs with {@code JAZZER_FUZZ=1} or {@code bin/test --long}. */
@EnabledIfEnvironmentVariable(named = "JAZZER_FUZZ", matches = "1")
class TokenMaskerFuzzJenkinsTest {

    @FuzzTest(maxDuration = "1m")
    void mask_removesAccessTokensAndNothingElse(FuzzedDataProvider data) {
        Set<String> accessTokens = new HashSet<>();
        for (int i = data.consumeInt(1, 4); i > 0; i--) {
            String accessToken = data.consumeAsciiString(20).replaceAll("[^A-Za-z0-9._~+/=%:-]", "");
            if (accessToken.length() >= 8) {
                accessTokens.add(accessToken);
            }
        }
        StringBuilder line = new StringBuilder();
        Object[] all = accessTokens.toArray();
        while (data.remainingBytes() > 0) {
            boolean secret = all.length > 0 && data.consumeBoolean();
            line.append(secret ? all[data.consumeInt(0, all.length - 1)] : data.consumeString(12));
        }
        String text = line.toString();
        TokenMasker masker = new TokenMasker(accessTokens, null);
        String masked = masker.mask(text);
        assertThat(accessTokens).noneMatch(masked::contains);
        boolean found = accessTokens.stream().anyMatch(text::contains);
        assertThat(masker.matches(text)).isEqualTo(found);
        if (!found) {
            assertThat(masked).isEqualTo(text);
        }
    }
}
