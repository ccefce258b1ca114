package io.jenkins.plugins.vcftoken.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Compares {@code docs/token-status.md} with the exported names. Parses source files, because it runs without Jenkins.
 */
class HealthDocumentTest {

    private static final Path SOURCES = Path.of("src/main/java/io/jenkins/plugins/vcftoken/health");
    private static final Pattern EXPORTED =
            Pattern.compile("@Exported(?:\\([^)]*\\))?\\s+public \\S+ (?:get|is)(\\w)(\\w*)\\(");
    private static final Pattern STATE = Pattern.compile("(?m)^    ([A-Z_]+)\\(");
    private static final Pattern KEY = Pattern.compile("\"(\\w+)\":");
    private static final Pattern CODE = Pattern.compile("`(\\w+)`");

    @ParameterizedTest
    @CsvSource({"CredentialHealth, credentials", "OrphanedRecord, orphans"})
    void document_hasEveryNameOfTheJson(String type, String list) throws IOException {
        List<String> exported = exported(type);
        assertThat(exported).hasSizeGreaterThan(3);
        assertThat(namesInSample(list)).containsExactlyInAnyOrderElementsOf(exported);
        assertThat(namesInTable("Of each of the `" + list + '`')).containsExactlyInAnyOrderElementsOf(exported);
    }

    @Test
    void sample_hasEveryList() throws IOException {
        String sample = between(document(), "```json", "```");
        assertThat(exported("TokenListPage"))
                .hasSize(3)
                .allSatisfy(list -> assertThat(sample).contains("  \"" + list + "\": ["));
    }

    @Test
    void document_hasEveryState() throws IOException {
        String states = between(Files.readString(SOURCES.resolve("HealthStatus.java")), "enum HealthStatus {", ";");
        List<String> names =
                STATE.matcher(states).results().map(found -> found.group(1)).toList();
        assertThat(names).hasSizeGreaterThan(3);
        assertThat(namesInTable("## States")).containsExactlyInAnyOrderElementsOf(names);
    }

    private static List<String> exported(String type) throws IOException {
        return EXPORTED.matcher(Files.readString(SOURCES.resolve(type + ".java")))
                .results()
                .map(found -> found.group(1).toLowerCase(Locale.ROOT) + found.group(2))
                .toList();
    }

    /** Property names of the only element of a list. Nested objects are on one line. */
    private static List<String> namesInSample(String list) throws IOException {
        String element = between(document(), '"' + list + "\": [\n    {\n", "\n    }\n");
        return KEY.matcher(element.replaceAll("\\{[^\\n]*}", ""))
                .results()
                .map(found -> found.group(1))
                .toList();
    }

    /** Names in the first column of the next table. */
    private static List<String> namesInTable(String before) throws IOException {
        String document = document();
        return between(document.substring(document.indexOf(before)), "\n|", "\n\n")
                .lines()
                .filter(line -> line.startsWith("| `"))
                .flatMap(line -> CODE.matcher(line.split("\\|")[1]).results())
                .map(found -> found.group(1))
                .toList();
    }

    private static String document() throws IOException {
        return Files.readString(Path.of("docs/token-status.md"));
    }

    private static String between(String text, String begin, String end) {
        assertThat(text).contains(begin);
        String rest = text.substring(text.indexOf(begin) + begin.length());
        return rest.substring(0, rest.indexOf(end));
    }
}
