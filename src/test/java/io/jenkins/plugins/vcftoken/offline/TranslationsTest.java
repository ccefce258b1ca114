package io.jenkins.plugins.vcftoken.offline;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Document;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/** Jenkins shows missing translations in English without a warning. */
class TranslationsTest {

    private static final Path RESOURCES = Path.of("src/main/resources");
    private static final List<String> LANGUAGES = List.of("de", "ja");

    /** Matches {@code ${%key}}, {@code ${%key(argument)}}, and {@code '%key'} in an expression. */
    private static final Pattern KEY = Pattern.compile("\\$\\{%([^}(]+)|'%(\\w+)'");

    private static final Pattern PLACEHOLDER = Pattern.compile("\\{(\\d+)");
    private static final Pattern TRANSLATED = Pattern.compile("_(" + String.join("|", LANGUAGES) + ")(\\.\\w+)$");

    static Stream<Arguments> messages() throws IOException {
        return inEachLanguage(ResourcesTest.files(RESOURCES, "/Messages.properties"));
    }

    static Stream<Arguments> views() throws IOException {
        return inEachLanguage(ResourcesTest.files(RESOURCES, ".jelly").filter(TranslationsTest::hasTexts));
    }

    static Stream<Arguments> helps() throws IOException {
        return inEachLanguage(ResourcesTest.files(RESOURCES, ".html").filter(help -> !isTranslated(help)));
    }

    static Stream<Path> translations() throws IOException {
        return ResourcesTest.files(RESOURCES, "").filter(TranslationsTest::isTranslated);
    }

    static Stream<Path> properties() throws IOException {
        return ResourcesTest.files(RESOURCES, ".properties");
    }

    @ParameterizedTest
    @MethodSource("messages")
    void eachMessageIsTranslated(String language, Path english) throws IOException {
        Properties messages = ResourcesTest.load(english);
        Properties translated = ResourcesTest.load(translation(english, ".properties", language));
        assertThat(translated.stringPropertyNames()).isEqualTo(messages.stringPropertyNames());
        assertSamePlaceholders(translated, messages::getProperty);
    }

    /** A key without a text in the English properties is the English text. */
    @ParameterizedTest
    @MethodSource("views")
    void eachTextOfAViewIsTranslated(String language, Path view) throws IOException {
        Path english = sibling(view, ".jelly", ".properties");
        Properties texts = Files.exists(english) ? ResourcesTest.load(english) : new Properties();
        Properties translated = ResourcesTest.load(translation(english, ".properties", language));
        assertThat(translated.stringPropertyNames()).isEqualTo(keys(view)).containsAll(texts.stringPropertyNames());
        assertSamePlaceholders(translated, key -> texts.getProperty(key, key));
    }

    @ParameterizedTest
    @MethodSource("helps")
    void eachHelpIsTranslated(String language, Path english) throws Exception {
        Document translated = ResourcesTest.parse(translation(english, ".html", language));
        assertThat(translated.getDocumentElement().getTagName()).isEqualTo("div");
        assertThat(code(translated)).isEqualTo(code(ResourcesTest.parse(english)));
    }

    @ParameterizedTest
    @MethodSource("translations")
    void eachTranslation_hasAnOriginal(Path translation) {
        Path english = translation.resolveSibling(
                TRANSLATED.matcher(translation.getFileName().toString()).replaceFirst("$2"));
        assertThat(Stream.of(english, sibling(english, ".properties", ".jelly")))
                .anyMatch(Files::exists);
    }

    /** Readers use different encodings, ISO 8859-1 or UTF-8. */
    @ParameterizedTest
    @MethodSource("properties")
    void propertiesAreAscii(Path properties) throws IOException {
        String text = Files.readString(properties, StandardCharsets.ISO_8859_1);
        assertThat(text).matches(StandardCharsets.US_ASCII.newEncoder()::canEncode, "is ASCII");
    }

    /** A single apostrophe quotes the following text in {@link java.text.MessageFormat}. */
    private static void assertSamePlaceholders(Properties translated, UnaryOperator<String> english) {
        for (String key : translated.stringPropertyNames()) {
            String text = translated.getProperty(key);
            assertThat(text).as(key).isNotBlank();
            assertThat(text.replace("''", "")).as(key).doesNotContain("'");
            assertThat(placeholders(text)).as(key).isEqualTo(placeholders(english.apply(key)));
        }
    }

    private static Set<String> placeholders(String text) {
        return PLACEHOLDER.matcher(text).results().map(found -> found.group(1)).collect(Collectors.toSet());
    }

    private static Set<String> keys(Path view) {
        return KEY.matcher(ResourcesTest.read(view))
                .results()
                .map(found -> found.group(1) == null ? found.group(2) : found.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static boolean hasTexts(Path view) {
        return !keys(view).isEmpty();
    }

    private static List<String> code(Document help) {
        NodeList code = help.getElementsByTagName("code");
        return IntStream.range(0, code.getLength())
                .mapToObj(code::item)
                .map(Node::getTextContent)
                .sorted()
                .toList();
    }

    private static Stream<Arguments> inEachLanguage(Stream<Path> english) {
        return english.flatMap(file -> LANGUAGES.stream().map(language -> Arguments.of(language, file)));
    }

    private static boolean isTranslated(Path file) {
        return TRANSLATED.matcher(file.getFileName().toString()).find();
    }

    private static Path translation(Path english, String end, String language) {
        return sibling(english, end, '_' + language + end);
    }

    private static Path sibling(Path file, String end, String other) {
        String name = file.getFileName().toString();
        return name.endsWith(end) ? file.resolveSibling(name.substring(0, name.length() - end.length()) + other) : file;
    }
}
