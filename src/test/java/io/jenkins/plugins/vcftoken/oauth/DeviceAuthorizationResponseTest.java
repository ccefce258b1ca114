package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceAuthorizationResponseTest {

    private static final String SECRET = "device-code-1";

    @ParameterizedTest
    @NullSource
    @ValueSource(
            strings = {
                "https://vcfa.example.com/?d=device-code-1",
                "vcfa.example.com/authorize",
                "ftp://vcfa.example.com/",
                "https:authorize",
                "https:///authorize",
                "https://ci@vcfa.example.com/",
                "https://vcfa.example.com/a b"
            })
    void link_withUnsafeUrl_isNull(String given) {
        assertThat(DeviceAuthorizationResponse.link(given, SECRET, "https", "http"))
                .isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"https://vcfa.example.com/a?b#c", "HTTPS://vcfa.example.com", "http://vcfa.example.com:8080/"})
    void link_withWebUrl_isUnchanged(String given) {
        assertThat(DeviceAuthorizationResponse.link(given, SECRET, "https", "http"))
                .isEqualTo(given);
    }

    @Test
    void link_hasLimitedLength() {
        String longest = "https://vcfa.example.com/" + "x".repeat(1_975);
        assertThat(DeviceAuthorizationResponse.link(longest, SECRET, "https")).isEqualTo(longest);
        assertThat(DeviceAuthorizationResponse.link(longest + "x", SECRET, "https"))
                .isNull();
    }

    @Test
    void link_withNonAsciiCharacters_isEncoded() {
        assertThat(DeviceAuthorizationResponse.link("https://vcfa.example.com/köln", SECRET, "https"))
                .isEqualTo("https://vcfa.example.com/k%C3%B6ln");
    }

    @Test
    void toString_omitsDeviceCode() {
        DeviceAuthorizationResponse codes =
                new DeviceAuthorizationResponse(SECRET, "WDJB-MJHT", null, null, Instant.EPOCH, Duration.ofSeconds(5));
        assertThat(codes).hasToString("DeviceAuthorizationResponse[WDJB-MJHT, until 1970-01-01T00:00:00Z]");
    }
}
