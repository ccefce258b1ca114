package io.jenkins.plugins.vcftoken.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CredentialsCsvTest {

    @Test
    void of_withoutCredentials_hasColumnNames() {
        assertThat(CredentialsCsv.of(List.of())).startsWith("id,name,").endsWith(",page\r\n");
    }

    @Test
    void cell_withQuotesAndLineBreaks_isOneCell() {
        assertThat(CredentialsCsv.cell("a \"b\",\nc")).isEqualTo("\"a \"\"b\"\",\nc\"");
        assertThat(CredentialsCsv.cell(null)).isEqualTo("\"\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"})
    void cell_withAFormula_isEscaped(String formula) {
        assertThat(CredentialsCsv.cell(formula)).isEqualTo("\"'" + formula + '"');
    }
}
