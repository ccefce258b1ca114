package io.jenkins.plugins.vcftoken;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Links of the documents to files and headings of this repository, as GitHub resolves them, and names of its code. */
class DocumentLinksTest {

    private static final Path ROOT = Path.of("").toAbsolutePath();
    private static final Path DOCS = ROOT.resolve("docs");
    private static final Path EXAMPLES = DOCS.resolve("examples");

    private static final Pattern FENCE = Pattern.compile("(?ms)^ *```.*?^ *```$");
    private static final Pattern INLINE_CODE = Pattern.compile("`[^`\\n]*`");
    private static final Pattern LINK = Pattern.compile("]\\(([^)\\s]*)\\)");
    private static final Pattern EXTERNAL = Pattern.compile("[a-z]+:.*");
    /** A class with a member in Java or Maven syntax, or only a test, which has several words. */
    private static final Pattern NAME =
            Pattern.compile("\\b([A-Z]\\w+)[.#](?!class\\b)([a-zA-Z]\\w+)|\\b([a-z]\\w*[a-z]_[a-z]\\w*)\\b");

    private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.*)$");

    static Stream<Path> documents() throws IOException {
        List<Path> documents = new ArrayList<>(Stream.of("README.md", "CONTRIBUTING.md", "SECURITY.md")
                .map(ROOT::resolve)
                .toList());
        try (Stream<Path> files = Files.walk(DOCS)) {
            files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(documents::add);
        }
        return documents.stream();
    }

    @ParameterizedTest
    @MethodSource("documents")
    void linkTargets_exist(Path document) throws IOException {
        for (String link : links(document)) {
            String file = link.replaceFirst("#.*", "");
            Path target = file.isEmpty() ? document : document.resolveSibling(file);
            assertThat(target).as(link).exists();
            // GitHub is case-sensitive; the local file system may not be.
            assertThat(ROOT.toRealPath().relativize(target.toRealPath()))
                    .as(link)
                    .isEqualTo(ROOT.relativize(target.normalize()));
            if (link.contains("#")) {
                assertThat(anchors(target)).as(link).contains(link.replaceFirst(".*#", ""));
            }
        }
    }

    @Test
    void readme_linksToEachDocument() throws IOException {
        Set<Path> linked = targets(ROOT.resolve("README.md"));
        assertThat(documents().filter(document -> document.getParent().equals(DOCS)))
                .isSubsetOf(linked);
    }

    @Test
    void eachExample_isListedAndLinkedFromADocument() throws IOException {
        Path list = EXAMPLES.resolve("README.md");
        Set<Path> linked = new TreeSet<>();
        for (Path document : documents().filter(file -> !file.equals(list)).toList()) {
            linked.addAll(targets(document));
        }
        try (Stream<Path> files = Files.list(EXAMPLES)) {
            List<Path> examples = files.filter(file -> !file.equals(list)).toList();
            assertThat(targets(list)).containsAll(examples);
            assertThat(linked).containsAll(examples);
        }
    }

    @Test
    void eachImage_isUsed() throws IOException {
        Set<Path> linked = new TreeSet<>();
        for (Path document : documents().toList()) {
            linked.addAll(targets(document));
        }
        try (Stream<Path> pictures = Files.list(DOCS.resolve("images"))) {
            assertThat(pictures).isSubsetOf(linked);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"reliability", "security"})
    void namesOfMembers_exist(String document) throws IOException {
        Map<String, String> sources = new HashMap<>();
        for (String root : List.of("src/main/java", "src/test/java")) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(root))) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    sources.put(file.getFileName().toString().replace(".java", ""), Files.readString(file));
                }
            }
        }
        String text = Files.readString(DOCS.resolve("internals").resolve(document + ".md"));
        List<String> unknown = INLINE_CODE
                .matcher(text)
                .results()
                .flatMap(quoted -> NAME.matcher(quoted.group()).results())
                .filter(name -> !exists(name, sources))
                .map(MatchResult::group)
                .toList();
        assertThat(unknown).isEmpty();
    }

    /** @param sources by class; other classes, except tests, are of Java or Jenkins */
    private static boolean exists(MatchResult name, Map<String, String> sources) {
        if (name.group(3) != null) {
            return sources.values().stream().anyMatch(source -> source.contains(name.group(3)));
        }
        String source = sources.get(name.group(1));
        return source == null ? !name.group(1).endsWith("Test") : source.contains(name.group(2));
    }

    private static Set<Path> targets(Path document) throws IOException {
        return links(document).stream()
                .map(link ->
                        document.resolveSibling(link.replaceFirst("#.*", "")).normalize())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Links within this repository. */
    private static List<String> links(Path document) throws IOException {
        String text = FENCE.matcher(Files.readString(document)).replaceAll("");
        return LINK.matcher(INLINE_CODE.matcher(text).replaceAll(""))
                .results()
                .map(found -> found.group(1))
                .filter(link -> !EXTERNAL.matcher(link).matches())
                .toList();
    }

    /** Anchors that GitHub generates for headings. */
    private static List<String> anchors(Path document) throws IOException {
        String text = FENCE.matcher(Files.readString(document)).replaceAll("");
        return HEADING.matcher(text)
                .results()
                .map(found -> found.group(1)
                        .strip()
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\p{L}\\p{N}_ -]", "")
                        .replace(' ', '-'))
                .toList();
    }
}
