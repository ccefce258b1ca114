package io.jenkins.plugins.vcftoken.health;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AuditLogTest {

    @Test
    void toLine_keepsTheOrderOfFields() {
        assertThat(AuditLog.toLine(AuditLog.event("given")
                        .put("to", "build über/a#1")
                        .put("n", 3)
                        .put("none", (String) null)))
                .isEqualTo("{\"event\":\"given\",\"to\":\"build \\u00FCber/a#1\",\"n\":3,\"none\":null}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\r\n{\"event\":\"given\"}",
                "\u2028granted",
                "\u0085granted",
                "\u001b[2K\u001b[1A",
                "\u0000",
                "\u007f",
                "\u202Ereversed",
                "a\u200bb",
                "\ud800"
            })
    void toLine_withLineBreaksOrInvisibleText_isOneLineOfVisibleAscii(String value) throws Exception {
        String line = AuditLog.toLine(AuditLog.event("given").put("to", value).put("url", "u"));
        assertThat(line)
                .matches("\\{\"event\":\"given\",\"to\":\"[ -~]*\",\"url\":\"u\"}")
                .contains("\\");
        assertThat(read(line).get("to").textValue()).isEqualTo(value.replace('\u007f', '\ufffd'));
    }

    @Test
    void toLine_withQuotesInAValue_escapesThem() throws Exception {
        String value = "x\",\"accessToken\":\"y\\";
        JsonNode event = read(AuditLog.toLine(AuditLog.event("given").put("to", value)));
        assertThat(event.properties()).hasSize(2);
        assertThat(event.get("to").textValue()).isEqualTo(value);
    }

    @Test
    void toLine_withALongValue_truncatesIt() throws Exception {
        String line = AuditLog.toLine(AuditLog.event("failed").put("cause", "😀".repeat(10_000)));
        assertThat(read(line).get("cause").textValue()).isEqualTo("😀".repeat(500) + "…");
    }

    private static JsonNode read(String line) throws Exception {
        return new ObjectMapper().readTree(line);
    }
}
