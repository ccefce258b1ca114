package io.jenkins.plugins.vcftoken.offline;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.module.ModuleDescriptor.Version;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Rules that the Jenkins project checks before it hosts a plugin, and when it scores the health of a plugin: the
 * <a href="https://github.com/jenkins-infra/repository-permissions-updater">hosting bot</a> and the
 * <a href="https://github.com/jenkins-infra/plugin-health-scoring">health score</a>.
 */
enum HostingRule {
    CODE_OWNERS(
            repository -> requireLine(repository, ".github/CODEOWNERS", "* @jenkinsci/vcf-token-plugin-developers")),
    JENKINSFILE(repository -> {
        List<String> supportedJdks = List.of("21", "25");
        String text = repository.text("Jenkinsfile").strip();
        boolean isOneCall = text.matches("(?s)buildPlugin\\([^()]*\\bconfigurations: \\[[^()]*\\)");
        List<String> jdks = findAll("jdk: (\\S+?)[,\\]]", text);
        List<String> platforms = findAll("(platform: '\\w+')", text);
        return require(
                isOneCall && !jdks.isEmpty() && jdks.size() == platforms.size() && supportedJdks.containsAll(jdks),
                "one call of buildPlugin with configurations, each with a platform and one of the JDKs "
                        + supportedJdks);
    }),
    SECURITY_SCAN(repository -> requireFile(repository, ".github/workflows/jenkins-security-scan.yml")),
    DEPENDENCY_BOT(repository -> requireFile(repository, ".github/renovate.json")),
    IGNORED_DIRECTORIES(repository -> {
        List<String> lines = repository.text(".gitignore").lines().toList();
        return require(
                lines.stream().anyMatch(line -> line.matches("/?target/?"))
                        && lines.stream().anyMatch(line -> line.matches("/?work/?")),
                ".gitignore excludes target and work");
    }),
    README_AND_LICENSE(repository -> concat(requireFile(repository, "README.md"), requireFile(repository, "LICENSE"))),
    CONTINUOUS_DELIVERY(repository -> Stream.of(
                    requireFile(repository, ".mvn/extensions.xml"),
                    requireFile(repository, ".github/workflows/cd.yaml"),
                    requireLine(repository, ".mvn/maven.config", "-Dchangelist.format=%d.v%s"),
                    requireProperty(repository, "changelist", "999999-SNAPSHOT"),
                    require(
                            rawText(repository, "version").contains("${changelist}"),
                            "the version contains ${changelist}"))
            .flatMap(List::stream)
            .toList()),
    NO_RELEASE_DRAFTER(repository -> require(
            repository.files().stream().noneMatch(file -> file.matches("\\.github/.*release-drafter\\.ya?ml")),
            "no release drafter beside continuous delivery")),
    PROPERTIES(repository -> {
        Map<String, String> required = new TreeMap<>(Map.of(
                "hpi.strictBundledArtifacts", "true",
                "ban-commons-lang-2.skip", "false",
                "ban-deprecated-stapler.skip", "false",
                "ban-junit4-imports.skip", "false",
                "banObsoleteDependencyOverrides.skip", "false"));
        Stream<String> missing = required.entrySet().stream()
                .flatMap(entry -> requireProperty(repository, entry.getKey(), entry.getValue()).stream());
        Stream<String> superfluous = Stream.of("java.level", "maven.compiler.source", "maven.compiler.release")
                .filter(pom(repository).properties()::containsKey);
        return Stream.concat(missing, superfluous).toList();
    }),
    COORDINATES(repository -> {
        String artifactId = rawText(repository, "artifactId");
        return concat(
                require(
                        rawText(repository, "groupId").equals("io.jenkins.plugins"),
                        "the group ID is io.jenkins.plugins"),
                require(
                        artifactId.equals("vcf-token") && artifactId.length() < 37,
                        "the artifact ID is the repository's name without -plugin"));
    }),
    NAME_AND_URL(repository -> {
        String name = rawText(repository, "name");
        return concat(
                require(!name.isBlank() && !name.toLowerCase().contains("jenkins"), "a name without Jenkins"),
                require(
                        pom(repository).text("/project/url").equals("https://github.com/jenkinsci/vcf-token-plugin"),
                        "the URL is that of the repository"));
    }),
    LICENSES_AND_DEVELOPERS(repository -> {
        Pom pom = pom(repository);
        return concat(
                require(!pom.texts("/project/licenses/license/name").isEmpty(), "the POM names the license"),
                require(pom.texts("/project/developers").isEmpty(), "the POM names no developers"));
    }),
    SOURCE_CONTROL(repository -> Stream.of("connection", "developerConnection", "tag", "url")
            .map(element -> rawText(repository, "scm/" + element))
            .flatMap(text -> require(!text.isEmpty() && !text.contains("http:"), "scm is whole").stream())
            .toList()),
    PARENT_AND_BASELINE(repository -> {
        Pom pom = pom(repository);
        return concat(
                requireVersion(rawText(repository, "parent/version"), "6.2211.v27f680c93c53"),
                requireVersion(pom.text("/project/properties/jenkins.version"), "2.541.3"));
    }),
    BOM(repository -> {
        String managed = "dependencyManagement/dependencies/dependency";
        List<String> versions = pom(repository)
                .texts("/project/dependencies/dependency[starts-with(groupId, 'org.jenkins') "
                        + "or starts-with(groupId, 'io.jenkins')]/version");
        return concat(
                require(
                        rawText(repository, managed + "[starts-with(artifactId, 'bom-')]/artifactId")
                                .equals("bom-${jenkins.baseline}.x"),
                        "the BOM is that of the baseline"),
                require(versions.isEmpty(), "no version on a dependency that the BOM manages"));
    }),
    API_PLUGINS(repository -> {
        List<String> bundled =
                pom(repository).texts("/project/dependencies/dependency[not(scope) or scope='compile']/groupId");
        return bundled.stream()
                .filter(group -> !group.matches("(io\\.jenkins|org\\.jenkins|com\\.cloudbees\\.jenkins).*"))
                .toList();
    }),
    REPOSITORIES_BY_HTTPS(repository -> Stream.concat(
                    pom(repository).texts("//repositories/repository/url").stream(),
                    pom(repository).texts("//pluginRepositories/pluginRepository/url").stream())
            .filter(url -> !url.startsWith("https://"))
            .toList()),
    VIEWS(repository -> {
        // Inline styles and scripts, event handlers, and checkUrl without checkDependsOn.
        Pattern forbidden = Pattern.compile(
                "<style\\b|<script\\b(?![^>]*\\b(src=|type=\"application/json\"))|\\son[a-z]+=\"|\\bcheckUrl=(?![^>]*\\bcheckDependsOn=)");
        return repository.files().stream()
                .filter(file -> file.matches("src/main/resources/.*\\.jelly"))
                .filter(file -> forbidden.matcher(repository.text(file)).find())
                .toList();
    }),
    /** The draft in CONTRIBUTING.md of the file for repository-permissions-updater. */
    PERMISSIONS(repository -> {
        String name = rawText(repository, "artifactId");
        String path = rawText(repository, "groupId").replace('.', '/') + '/' + name;
        List<String> lines =
                repository.text("CONTRIBUTING.md").lines().map(String::strip).toList();
        return Stream.of(
                        "name: \"" + name + '"',
                        "github: &github \"jenkinsci/" + name + "-plugin\"",
                        "- github: *github",
                        "- \"" + path + '"',
                        "cd:",
                        "enabled: true")
                .filter(line -> !lines.contains(line))
                .toList();
    }),
    DOCUMENTATION(repository -> Stream.of(
                    requireFile(repository, "CONTRIBUTING.md"),
                    requireFile(repository, "src/main/resources/index.jelly"),
                    require(
                            !repository.text("src/main/resources/index.jelly").contains("TODO"),
                            "the plugin's description is written"))
            .flatMap(List::stream)
            .toList()),
    IMPORTS(repository -> {
        Pattern forbidden =
                Pattern.compile("(?m)^import (static )?(javax\\.annotation\\.|org\\.junit\\.(?!jupiter|platform))");
        return repository.files().stream()
                .filter(file -> file.matches("src/.*\\.java"))
                .filter(file -> forbidden.matcher(repository.text(file)).find())
                .toList();
    });

    /** @param texts content of text files by path below the root */
    record Repository(Map<String, String> texts) {

        static Repository read(Path root) {
            Map<String, String> texts = new TreeMap<>();
            for (String directory : new String[] {".github", ".mvn", "src"}) {
                try (Stream<Path> files = Files.walk(root.resolve(directory))) {
                    files.filter(file ->
                                    file.toString().matches(".*(\\.(java|jelly|ya?ml|json|xml|config)|CODEOWNERS)"))
                            .forEach(file -> texts.put(name(root, file), content(file)));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
            for (String file :
                    new String[] {"pom.xml", "Jenkinsfile", "README.md", "LICENSE", "CONTRIBUTING.md", ".gitignore"}) {
                texts.put(file, content(root.resolve(file)));
            }
            return new Repository(texts);
        }

        private static String name(Path root, Path file) {
            return root.relativize(file).toString().replace('\\', '/');
        }

        private static String content(Path file) {
            try {
                return Files.readString(file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        Set<String> files() {
            return texts.keySet();
        }

        /** @return the content, or an empty string if the file does not exist */
        String text(String file) {
            return texts.getOrDefault(file, "");
        }
    }

    private final Function<Repository, List<String>> check;

    HostingRule(Function<Repository, List<String>> check) {
        this.check = check;
    }

    /** @return descriptions of violations; empty if the repository follows the rule */
    List<String> findViolations(Repository repository) {
        return check.apply(repository);
    }

    private static List<String> require(boolean condition, String rule) {
        return condition ? List.of() : List.of(rule);
    }

    private static List<String> concat(List<String> one, List<String> other) {
        return Stream.of(one, other).flatMap(Collection::stream).toList();
    }

    private static List<String> requireFile(Repository repository, String file) {
        return require(repository.files().contains(file), file + " exists");
    }

    private static List<String> requireLine(Repository repository, String file, String line) {
        return require(repository.text(file).lines().anyMatch(line::equals), file + " has the line " + line);
    }

    private static List<String> requireProperty(Repository repository, String name, String value) {
        return require(value.equals(pom(repository).properties().get(name)), name + " is " + value);
    }

    private static List<String> requireVersion(String version, String minimum) {
        return require(
                Version.parse(version).compareTo(Version.parse(minimum)) >= 0, version + " is at least " + minimum);
    }

    private static List<String> findAll(String pattern, String text) {
        return Pattern.compile(pattern)
                .matcher(text)
                .results()
                .map((MatchResult match) -> match.group(1))
                .toList();
    }

    private static Pom pom(Repository repository) {
        return Pom.parse(repository.text("pom.xml"));
    }

    /** Text of the POM elements, without substitution of properties. */
    private static String rawText(Repository repository, String path) {
        return String.join(",", pom(repository).texts("/project/" + path));
    }
}
