package io.jenkins.plugins.vcftoken.offline;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.offline.HostingRule.Repository;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The repository follows the rules of the Jenkins project, and each rule detects violations. */
class HostingRulesTest {

    private static final Repository REPOSITORY = Repository.read(Path.of("").toAbsolutePath());

    @ParameterizedTest
    @EnumSource(HostingRule.class)
    void repository_followsRule(HostingRule rule) {
        assertThat(rule.findViolations(REPOSITORY)).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("violations")
    void changedRepository_violatesRule(HostingRule rule, String file, UnaryOperator<String> change) {
        assertThat(rule.findViolations(changed(file, change))).isNotEmpty();
    }

    @Test
    void eachRule_hasAViolationTest() {
        assertThat(violations().map(violation -> violation.get()[0]).collect(Collectors.toSet()))
                .containsExactlyInAnyOrder((Object[]) HostingRule.values());
    }

    static Stream<Arguments> violations() {
        String view = "src/main/resources/index.jelly";
        return Stream.of(
                deleted(HostingRule.CODE_OWNERS, ".github/CODEOWNERS"),
                replaced(HostingRule.CODE_OWNERS, ".github/CODEOWNERS", "-developers", "-team"),
                replaced(HostingRule.JENKINSFILE, "Jenkinsfile", "21", "17"),
                replaced(HostingRule.JENKINSFILE, "Jenkinsfile", "jdk: 21", ""),
                replaced(HostingRule.JENKINSFILE, "Jenkinsfile", "buildPlugin", "node {}\nbuildPlugin"),
                deleted(HostingRule.SECURITY_SCAN, ".github/workflows/jenkins-security-scan.yml"),
                deleted(HostingRule.DEPENDENCY_BOT, ".github/renovate.json"),
                replaced(HostingRule.IGNORED_DIRECTORIES, ".gitignore", "work", "other"),
                replaced(HostingRule.IGNORED_DIRECTORIES, ".gitignore", "target/", ""),
                deleted(HostingRule.README_AND_LICENSE, "LICENSE"),
                deleted(HostingRule.README_AND_LICENSE, "README.md"),
                deleted(HostingRule.CONTINUOUS_DELIVERY, ".mvn/extensions.xml"),
                deleted(HostingRule.CONTINUOUS_DELIVERY, ".github/workflows/cd.yaml"),
                replaced(HostingRule.CONTINUOUS_DELIVERY, ".mvn/maven.config", "%d.v%s", "%d"),
                replaced(HostingRule.CONTINUOUS_DELIVERY, "pom.xml", "<changelist>999999-", "<changelist>"),
                added(HostingRule.NO_RELEASE_DRAFTER, ".github/release-drafter.yml"),
                added(HostingRule.NO_RELEASE_DRAFTER, ".github/workflows/release-drafter.yaml"),
                replaced(HostingRule.PROPERTIES, "pom.xml", "hpi.strictBundledArtifacts>", "x>"),
                replaced(HostingRule.PROPERTIES, "pom.xml", "<properties>", "<properties><java.level/>"),
                replaced(HostingRule.COORDINATES, "pom.xml", "<groupId>io.jenkins.plugins<", "<groupId>org.example<"),
                replaced(HostingRule.COORDINATES, "pom.xml", "<artifactId>vcf-token<", "<artifactId>vcf<"),
                replaced(HostingRule.NAME_AND_URL, "pom.xml", "<name>VMware", "<name>Jenkins VMware"),
                replaced(HostingRule.NAME_AND_URL, "pom.xml", "}-plugin</url>", "}</url>"),
                replaced(HostingRule.LICENSES_AND_DEVELOPERS, "pom.xml", "licenses>", "others>"),
                replaced(HostingRule.LICENSES_AND_DEVELOPERS, "pom.xml", "<scm ", "<developers/><scm "),
                replaced(HostingRule.SOURCE_CONTROL, "pom.xml", "<tag>${scmTag}</tag>", ""),
                replaced(HostingRule.SOURCE_CONTROL, "pom.xml", "scm:git:https:", "scm:git:http:"),
                replaced(HostingRule.PARENT_AND_BASELINE, "pom.xml", "<version>6.2211.", "<version>5.2211."),
                replaced(
                        HostingRule.PARENT_AND_BASELINE, "pom.xml", "${jenkins.baseline}.3<", "${jenkins.baseline}.2<"),
                replaced(HostingRule.BOM, "pom.xml", "bom-${jenkins.baseline}.x", "bom-weekly"),
                replaced(
                        HostingRule.BOM,
                        "pom.xml",
                        "<artifactId>credentials</artifactId>",
                        "<artifactId>credentials</artifactId><version>1</version>"),
                replaced(
                        HostingRule.API_PLUGINS,
                        "pom.xml",
                        "<groupId>io.jenkins.plugins</groupId>\n      <artifactId>okhttp-api<",
                        "<groupId>com.squareup.okhttp3</groupId>\n      <artifactId>okhttp<"),
                replaced(HostingRule.REPOSITORIES_BY_HTTPS, "pom.xml", "<url>https:", "<url>http:"),
                replaced(HostingRule.VIEWS, view, "<div>", "<div><style>a {}</style>"),
                replaced(HostingRule.VIEWS, view, "<div>", "<div><script>go()</script>"),
                replaced(HostingRule.VIEWS, view, "<div>", "<div onclick=\"go()\">"),
                replaced(HostingRule.VIEWS, view, "<div>", "<div checkUrl=\"'check'\">"),
                replaced(HostingRule.DOCUMENTATION, view, "Live", "TODO live"),
                deleted(HostingRule.DOCUMENTATION, "CONTRIBUTING.md"),
                replaced(HostingRule.PERMISSIONS, "CONTRIBUTING.md", "plugins/vcf-token\"", "plugins/vcf\""),
                replaced(HostingRule.PERMISSIONS, "CONTRIBUTING.md", "enabled: true", "enabled: false"),
                Arguments.of(HostingRule.IMPORTS, "src/main/java/Old.java", (UnaryOperator<String>)
                        text -> "import javax.annotation.CheckForNull;"),
                Arguments.of(HostingRule.IMPORTS, "src/test/java/OldTest.java", (UnaryOperator<String>)
                        text -> "import org.junit.Test;"));
    }

    /** @param change returns null to delete the file */
    private static Repository changed(String file, UnaryOperator<String> change) {
        Map<String, String> texts = new HashMap<>(REPOSITORY.texts());
        String before = REPOSITORY.text(file);
        String after = change.apply(before);
        assertThat(after).as("the change of " + file).isNotEqualTo(before);
        if (after == null) {
            texts.remove(file);
        } else {
            texts.put(file, after);
        }
        return new Repository(texts);
    }

    private static Arguments deleted(HostingRule rule, String file) {
        return Arguments.of(rule, file, (UnaryOperator<String>) text -> null);
    }

    private static Arguments added(HostingRule rule, String file) {
        return Arguments.of(rule, file, (UnaryOperator<String>) text -> "name: added");
    }

    private static Arguments replaced(HostingRule rule, String file, String before, String after) {
        return Arguments.of(rule, file, (UnaryOperator<String>) text -> text.replace(before, after));
    }
}
