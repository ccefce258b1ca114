package io.jenkins.plugins.vcftoken.health;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AuditLogLineTest {

    @Test
    void keysAndValuesInOrder() {
        assertThat(new AuditLogLine("given")
                        .add("to", "build über/a#1")
                        .add("n", 3)
                        .add("none", null))
                .hasToString("given to=\"build über/a#1\" n=\"3\" none=\"\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\r\n2026-01-01 INFO given to=x",
                "\u2028granted",
                "\u0085granted",
                "\u001b[2K\u001b[1A",
                "\u0000",
                "\u202Ereversed",
                "a\u200bb",
                "\ud800"
            })
    void noValueBeginsALineOrHidesText(String value) {
        String line = new AuditLogLine("given").add("to", value).add("url", "u").toString();
        assertThat(line).matches("given to=\"[ -~]*\" url=\"u\"").contains("\\u{");
    }

    @Test
    void noValueEndsItself() {
        assertThat(new AuditLogLine("given").add("to", "x\" accessToken=\"y\\"))
                .hasToString("given to=\"x\\\" accessToken=\\\"y\\\\\"");
    }

    @Test
    void aTalkativeServerIsCutShort() {
        assertThat(new AuditLogLine("failed").add("why", "😀".repeat(10_000)).toString())
                .isEqualTo("failed why=\"" + "😀".repeat(500) + "…\"");
    }
}
