package io.jenkins.plugins.vcftoken.offline;

import static java.util.function.Predicate.not;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** Errors in resources that Jenkins would only report when a page is opened. */
class ResourcesTest {

    private static final Path RESOURCES = Path.of("src/main/resources");
    private static final Path SOURCES = Path.of("src/main/java");

    static Stream<Path> views() throws IOException {
        return files(RESOURCES, ".jelly");
    }

    static Stream<Path> helps() throws IOException {
        return files(RESOURCES, ".html");
    }

    static Stream<Path> messages() throws IOException {
        return files(RESOURCES, "/Messages.properties");
    }

    @ParameterizedTest
    @MethodSource("views")
    void viewIsWellFormedAndEscapes(Path view) throws Exception {
        assertThat(parse(view).getDocumentElement()).isNotNull();
        assertThat(Files.readString(view)).startsWith("<?jelly escape-by-default='true'?>");
    }

    @ParameterizedTest
    @MethodSource("views")
    void eachFieldHasHelp(Path view) throws Exception {
        NodeList entries = parse(view).getElementsByTagNameNS("/lib/form", "entry");
        List<String> withoutHelp = IntStream.range(0, entries.getLength())
                .mapToObj(i -> ((Element) entries.item(i)).getAttribute("field"))
                .filter(not(String::isEmpty))
                .filter(field -> !Files.exists(view.resolveSibling("help-" + field + ".html")))
                .toList();
        assertThat(withoutHelp).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("helps")
    void helpIsOneWellFormedElement(Path help) throws Exception {
        assertThat(parse(help).getDocumentElement().getTagName()).isEqualTo("div");
    }

    /** The compiler detects the opposite, a missing key. */
    @ParameterizedTest
    @MethodSource("messages")
    void eachMessageIsUsed(Path messages) throws IOException {
        String sources = files(SOURCES, ".java").map(ResourcesTest::read).collect(Collectors.joining());
        List<String> unused = load(messages).stringPropertyNames().stream()
                .sorted()
                .filter(key -> !sources.contains("Messages." + key.replace('.', '_') + "("))
                .filter(key -> !sources.contains("Messages._" + key.replace('.', '_') + "("))
                .toList();
        assertThat(unused).isEmpty();
    }

    static Properties load(Path file) throws IOException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        }
        return properties;
    }

    static Document parse(Path file) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultNSInstance();
        return factory.newDocumentBuilder().parse(file.toFile());
    }

    static Stream<Path> files(Path folder, String end) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(end)).sorted().toList().stream();
        }
    }

    static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
