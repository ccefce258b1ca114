package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.security.cert.CertificateException;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** Fuzzing of the PEM parser; see {@link ParsersFuzzTest}. */
@EnabledIfEnvironmentVariable(named = "JAZZER_FUZZ", matches = "1")
class TlsConfigurerFuzzTest {

    @FuzzTest(maxDuration = "1m")
    void arbitraryText_isParsedOrRejected(FuzzedDataProvider data) {
        try {
            assertThat(TlsConfigurer.certificates(data.consumeRemainingAsString()))
                    .isNotEmpty();
        } catch (CertificateException e) {
            // Expected; any other exception fails the test.
        }
    }
}
