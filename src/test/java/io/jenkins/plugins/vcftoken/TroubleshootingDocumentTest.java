package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** {@code docs/troubleshooting.md} quotes the error messages literally, so that a text search finds them. */
class TroubleshootingDocumentTest {

    private static final Path MAIN = Path.of("src/main");
    private static final Path EXCEPTIONS =
            MAIN.resolve("java/io/jenkins/plugins/vcftoken/rotation/TokenUnavailableException.java");

    /** Placeholder for the variable parts of a message. */
    private static final String PLACEHOLDER = "…";

    /** Comments and character literals are matched first, since quotes in them start no string. */
    private static final Pattern LITERAL =
            Pattern.compile("/\\*.*?\\*/|//[^\\n]*|'(?:\\\\.|[^'\\\\])+'|\"((?:\\\\.|[^\"\\\\])*)\"", Pattern.DOTALL);

    private static final Pattern CONCATENATION = Pattern.compile("\\s*\\+(?:[^,;?{}]*\\+)?\\s*");
    private static final Pattern ARGUMENT = Pattern.compile("\\{\\d[^{}]*(?:\\{\\d}[^{}]*)*}");

    @Test
    void eachDocumentedMessage_existsInTheCode() throws IOException {
        List<String> texts = new ArrayList<>();
        for (Path source : files(".java")) {
            texts.addAll(texts(Files.readString(source)));
        }
        for (Path messages : files(".properties")) {
            texts.addAll(loadMessages(messages));
        }
        assertThat(phrases())
                .as("messages in the document")
                .hasSizeGreaterThan(50)
                .allSatisfy(phrase ->
                        assertThat(texts).as(phrase).anyMatch(pattern(phrase).asPredicate()));
    }

    @Test
    void eachTokenUnavailableMessage_isDocumented() throws IOException {
        List<Pattern> phrases =
                phrases().stream().map(TroubleshootingDocumentTest::pattern).toList();
        List<String> texts = texts(Files.readString(EXCEPTIONS)).stream()
                .filter(text -> text.matches(".*\\w \\w.*"))
                .toList();
        assertThat(texts)
                .hasSizeGreaterThan(10)
                .allSatisfy(text -> assertThat(phrases)
                        .as(text)
                        .anyMatch(phrase -> phrase.matcher(text).find()));
    }

    /** First column of the tables of messages. */
    private static List<String> phrases() throws IOException {
        List<String> phrases = new ArrayList<>();
        boolean inTable = false;
        for (String line : Files.readAllLines(Path.of("docs/troubleshooting.md"))) {
            if (!line.startsWith("|")) {
                inTable = false;
            } else if (line.startsWith("| you read |")) {
                inTable = true;
            } else if (inTable && !line.startsWith("|---")) {
                phrases.addAll(List.of(line.split("\\|")[1].strip().split("<br>")));
            }
        }
        return phrases;
    }

    /** Numbers match themselves or a placeholder. */
    private static Pattern pattern(String phrase) {
        return Pattern.compile(Stream.of(phrase.split("(?<=…)|(?=…)|(?<=\\D)(?=\\d)|(?<=\\d)(?=\\D)"))
                .map(part -> switch (part) {
                    case PLACEHOLDER -> ".*?";
                    default -> part.matches("\\d+") ? "(?:" + part + "|…)" : Pattern.quote(part);
                })
                .collect(Collectors.joining()));
    }

    /** String literals, concatenated as in the source, with "…" for inserted values. */
    private static List<String> texts(String source) {
        List<String> texts = new ArrayList<>();
        int end = -1;
        for (MatchResult literal : LITERAL.matcher(source).results().toList()) {
            if (literal.group(1) == null) {
                continue;
            }
            Matcher between = CONCATENATION.matcher(end < 0 ? "" : source.substring(end, literal.start()));
            String text = literal.group(1).replace("\\\"", "\"");
            if (between.matches()) {
                String inserted = between.group().strip().equals("+") ? "" : PLACEHOLDER;
                texts.set(texts.size() - 1, texts.get(texts.size() - 1) + inserted + text);
            } else {
                texts.add(text);
            }
            end = literal.end();
        }
        return texts;
    }

    private static List<String> loadMessages(Path file) throws IOException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        }
        return properties.values().stream()
                .map(text -> ARGUMENT.matcher(text.toString())
                        .replaceAll(PLACEHOLDER)
                        .replace("''", "'"))
                .toList();
    }

    private static List<Path> files(String end) throws IOException {
        try (Stream<Path> files = Files.walk(MAIN)) {
            return files.filter(file -> file.toString().endsWith(end))
                    .filter(file -> !file.toString().matches(".*_(de|ja)\\.properties"))
                    .toList();
        }
    }
}
