package io.jenkins.plugins.vcftoken.offline;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.module.ModuleDescriptor.Version;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What the Jenkins project checks before it hosts a plugin, and afterwards when it scores the plugin's health: the
 * <a href="https://github.com/jenkins-infra/repository-permissions-updater">hosting bot</a> and the
 * <a href="https://github.com/jenkins-infra/plugin-health-scoring">health score</a>. Each rule returns what it objects to.
 */
enum HostingRule {
    CODE_OWNERS {
        @Override
        List<String> objections(Repository repository) {
            return isLine(repository, ".github/CODEOWNERS", "* @jenkinsci/vcf-token-plugin-developers");
        }
    },
    JENKINSFILE {
        @Override
        List<String> objections(Repository repository) {
            String text = repository.text("Jenkinsfile").strip();
            boolean isOneCall = text.matches("(?s)buildPlugin\\([^()]*\\bconfigurations: \\[[^()]*\\)");
            List<String> javas = matches("jdk: (\\S+?)[,\\]]", text);
            List<String> platforms = matches("(platform: '\\w+')", text);
            return of(
                    isOneCall && !javas.isEmpty() && javas.size() == platforms.size() && JAVAS.containsAll(javas),
                    "one call of buildPlugin with configurations, each with a platform and one of the JDKs " + JAVAS);
        }
    },
    SECURITY_SCAN {
        @Override
        List<String> objections(Repository repository) {
            return exists(repository, ".github/workflows/jenkins-security-scan.yml");
        }
    },
    DEPENDENCY_BOT {
        @Override
        List<String> objections(Repository repository) {
            return exists(repository, ".github/renovate.json");
        }
    },
    IGNORED_DIRECTORIES {
        @Override
        List<String> objections(Repository repository) {
            List<String> lines = repository.text(".gitignore").lines().toList();
            return of(
                    lines.stream().anyMatch(line -> line.matches("/?target/?"))
                            && lines.stream().anyMatch(line -> line.matches("/?work/?")),
                    ".gitignore excludes target and work");
        }
    },
    README_AND_LICENSE {
        @Override
        List<String> objections(Repository repository) {
            return both(exists(repository, "README.md"), exists(repository, "LICENSE"));
        }
    },
    CONTINUOUS_DELIVERY {
        @Override
        List<String> objections(Repository repository) {
            return Stream.of(
                            exists(repository, ".mvn/extensions.xml"),
                            exists(repository, ".github/workflows/cd.yaml"),
                            isLine(repository, ".mvn/maven.config", "-Dchangelist.format=%d.v%s"),
                            property(repository, "changelist", "999999-SNAPSHOT"),
                            of(
                                    raw(repository, "version").contains("${changelist}"),
                                    "the version contains ${changelist}"))
                    .flatMap(List::stream)
                    .toList();
        }
    },
    NO_RELEASE_DRAFTER {
        @Override
        List<String> objections(Repository repository) {
            return of(
                    repository.files().stream().noneMatch(file -> file.matches("\\.github/.*release-drafter\\.ya?ml")),
                    "no release drafter beside continuous delivery");
        }
    },
    PROPERTIES {
        @Override
        List<String> objections(Repository repository) {
            Map<String, String> required = new TreeMap<>(Map.of(
                    "hpi.strictBundledArtifacts", "true",
                    "ban-commons-lang-2.skip", "false",
                    "ban-deprecated-stapler.skip", "false",
                    "ban-junit4-imports.skip", "false",
                    "banObsoleteDependencyOverrides.skip", "false"));
            Stream<String> missing = required.entrySet().stream()
                    .flatMap(entry -> property(repository, entry.getKey(), entry.getValue()).stream());
            Stream<String> superfluous = Stream.of("java.level", "maven.compiler.source", "maven.compiler.release")
                    .filter(pom(repository).properties()::containsKey);
            return Stream.concat(missing, superfluous).toList();
        }
    },
    COORDINATES {
        @Override
        List<String> objections(Repository repository) {
            String artifactId = raw(repository, "artifactId");
            return both(
                    of(raw(repository, "groupId").equals("io.jenkins.plugins"), "the group ID is io.jenkins.plugins"),
                    of(
                            artifactId.equals("vcf-token") && artifactId.length() < 37,
                            "the artifact ID is the repository's name without -plugin"));
        }
    },
    NAME_AND_URL {
        @Override
        List<String> objections(Repository repository) {
            String name = raw(repository, "name");
            return both(
                    of(!name.isBlank() && !name.toLowerCase().contains("jenkins"), "a name without Jenkins"),
                    of(
                            pom(repository)
                                    .text("/project/url")
                                    .equals("https://github.com/jenkinsci/vcf-token-plugin"),
                            "the URL is that of the repository"));
        }
    },
    LICENSES_AND_DEVELOPERS {
        @Override
        List<String> objections(Repository repository) {
            Pom pom = pom(repository);
            return both(
                    of(!pom.texts("/project/licenses/license/name").isEmpty(), "the POM names the license"),
                    of(pom.texts("/project/developers").isEmpty(), "the POM names no developers"));
        }
    },
    SOURCE_CONTROL {
        @Override
        List<String> objections(Repository repository) {
            return Stream.of("connection", "developerConnection", "tag", "url")
                    .map(element -> raw(repository, "scm/" + element))
                    .flatMap(text -> of(!text.isEmpty() && !text.contains("http:"), "scm is whole").stream())
                    .toList();
        }
    },
    PARENT_AND_BASELINE {
        @Override
        List<String> objections(Repository repository) {
            Pom pom = pom(repository);
            return both(
                    atLeast(raw(repository, "parent/version"), "6.2211.v27f680c93c53"),
                    atLeast(pom.text("/project/properties/jenkins.version"), "2.541.3"));
        }
    },
    BOM {
        @Override
        List<String> objections(Repository repository) {
            String managed = "dependencyManagement/dependencies/dependency";
            List<String> versions = pom(repository)
                    .texts("/project/dependencies/dependency[starts-with(groupId, 'org.jenkins') "
                            + "or starts-with(groupId, 'io.jenkins')]/version");
            return both(
                    of(
                            raw(repository, managed + "[starts-with(artifactId, 'bom-')]/artifactId")
                                    .equals("bom-${jenkins.baseline}.x"),
                            "the BOM is that of the baseline"),
                    of(versions.isEmpty(), "no version on a dependency that the BOM manages"));
        }
    },
    API_PLUGINS {
        @Override
        List<String> objections(Repository repository) {
            List<String> bundled =
                    pom(repository).texts("/project/dependencies/dependency[not(scope) or scope='compile']/groupId");
            return bundled.stream()
                    .filter(group -> !group.matches("(io\\.jenkins|org\\.jenkins|com\\.cloudbees\\.jenkins).*"))
                    .toList();
        }
    },
    REPOSITORIES_BY_HTTPS {
        @Override
        List<String> objections(Repository repository) {
            return Stream.concat(
                            pom(repository).texts("//repositories/repository/url").stream(),
                            pom(repository).texts("//pluginRepositories/pluginRepository/url").stream())
                    .filter(url -> !url.startsWith("https://"))
                    .toList();
        }
    },
    VIEWS {
        @Override
        List<String> objections(Repository repository) {
            return repository.files().stream()
                    .filter(file -> file.matches("src/main/resources/.*\\.jelly"))
                    .filter(file -> OBJECTIONABLE.matcher(repository.text(file)).find())
                    .toList();
        }
    },
    /** The file for repository-permissions-updater, which CONTRIBUTING.md keeps ready. */
    PERMISSIONS {
        @Override
        List<String> objections(Repository repository) {
            String name = raw(repository, "artifactId");
            String path = raw(repository, "groupId").replace('.', '/') + '/' + name;
            List<String> lines = repository
                    .text("CONTRIBUTING.md")
                    .lines()
                    .map(String::strip)
                    .toList();
            return Stream.of(
                            "name: \"" + name + '"',
                            "github: &github \"jenkinsci/" + name + "-plugin\"",
                            "- github: *github",
                            "- \"" + path + '"',
                            "cd:",
                            "enabled: true")
                    .filter(line -> !lines.contains(line))
                    .toList();
        }
    },
    DOCUMENTATION {
        @Override
        List<String> objections(Repository repository) {
            return Stream.of(
                            exists(repository, "CONTRIBUTING.md"),
                            exists(repository, "src/main/resources/index.jelly"),
                            of(
                                    !repository
                                            .text("src/main/resources/index.jelly")
                                            .contains("TODO"),
                                    "the plugin's description is written"))
                    .flatMap(List::stream)
                    .toList();
        }
    },
    IMPORTS {
        @Override
        List<String> objections(Repository repository) {
            return repository.files().stream()
                    .filter(file -> file.matches("src/.*\\.java"))
                    .filter(file -> OLD_IMPORT.matcher(repository.text(file)).find())
                    .toList();
        }
    };

    /**
     * The text files that rules read.
     *
     * @param texts by their paths below the root
     */
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

        /** @return empty for a file that does not exist */
        String text(String file) {
            return texts.getOrDefault(file, "");
        }
    }

    private static final List<String> JAVAS = List.of("21", "25");

    /** An inline style or script, an event handler, or a check of a field in the old way. */
    private static final Pattern OBJECTIONABLE = Pattern.compile(
            "<style\\b|<script\\b(?![^>]*\\b(src=|type=\"application/json\"))|\\son[a-z]+=\"|\\bcheckUrl=(?![^>]*\\bcheckDependsOn=)");

    private static final Pattern OLD_IMPORT =
            Pattern.compile("(?m)^import (static )?(javax\\.annotation\\.|org\\.junit\\.(?!jupiter|platform))");

    /** What this rule objects to; empty when it is kept. */
    abstract List<String> objections(Repository repository);

    private static List<String> of(boolean kept, String rule) {
        return kept ? List.of() : List.of(rule);
    }

    private static List<String> both(List<String> one, List<String> other) {
        return Stream.of(one, other).flatMap(Collection::stream).toList();
    }

    private static List<String> exists(Repository repository, String file) {
        return of(repository.files().contains(file), file + " exists");
    }

    private static List<String> isLine(Repository repository, String file, String line) {
        return of(repository.text(file).lines().anyMatch(line::equals), file + " has the line " + line);
    }

    private static List<String> property(Repository repository, String name, String value) {
        return of(value.equals(pom(repository).properties().get(name)), name + " is " + value);
    }

    private static List<String> atLeast(String version, String least) {
        return of(Version.parse(version).compareTo(Version.parse(least)) >= 0, version + " is at least " + least);
    }

    private static List<String> matches(String pattern, String text) {
        return Pattern.compile(pattern)
                .matcher(text)
                .results()
                .map((MatchResult match) -> match.group(1))
                .toList();
    }

    private static Pom pom(Repository repository) {
        return Pom.parse(repository.text("pom.xml"));
    }

    /** As it is written, without the values of properties. */
    private static String raw(Repository repository, String path) {
        return String.join(",", pom(repository).texts("/project/" + path));
    }

    static List<HostingRule> all() {
        return Arrays.asList(values());
    }
}
