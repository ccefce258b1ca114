package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.security.cert.CertificateException;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** Arbitrary text in place of certificates; {@link ParsersFuzzTest} says how it is run. */
@EnabledIfEnvironmentVariable(named = "JAZZER_FUZZ", matches = "1")
class TlsConfigFuzzTest {

    @FuzzTest(maxDuration = "1m")
    void anyTextIsCertificatesOrRefused(FuzzedDataProvider data) {
        try {
            assertThat(TlsConfig.certificates(data.consumeRemainingAsString())).isNotEmpty();
        } catch (CertificateException e) {
            // The expected rejection; any other exception fails the test.
        }
    }
}
