package io.jenkins.plugins.vcftoken.offline;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Index files by annotation processors, which Jenkins uses to find extensions, symbols and names of bound parameters.
 */
class AnnotationIndexesTest {

    private final Path classes;
    private final JavaClasses imported;

    AnnotationIndexesTest() throws Exception {
        classes = Path.of(AccessToken.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        imported = new ClassFileImporter().importPath(classes);
    }

    @ParameterizedTest
    @CsvSource({
        "hudson.Extension, META-INF/annotations/hudson.Extension.txt",
        "org.jenkinsci.Symbol, META-INF/services/annotations/org.jenkinsci.Symbol"
    })
    void everyAnnotatedClassIsIndexed(String annotation, String index) throws IOException {
        List<String> annotated = imported.stream()
                .filter(type -> type.isAnnotatedWith(annotation))
                .map(JavaClass::getName)
                .toList();
        assertThat(annotated).isNotEmpty();
        try (Stream<String> lines = Files.lines(classes.resolve(index))) {
            // The annotation parameters follow in brackets.
            assertThat(lines.map(line -> line.replaceFirst("[({].*", ""))).containsAll(annotated);
        }
    }

    @Test
    void everyBoundConstructorHasItsParameterNames() throws IOException {
        List<JavaClass> bound = imported.stream()
                .filter(type -> type.getConstructors().stream()
                        .anyMatch(c -> c.isAnnotatedWith("org.kohsuke.stapler.DataBoundConstructor")))
                .toList();
        assertThat(bound).isNotEmpty();
        for (JavaClass type : bound) {
            Properties names = new Properties();
            try (var reader = Files.newBufferedReader(
                    classes.resolve(type.getName().replace('.', '/').replace('$', '/') + ".stapler"))) {
                names.load(reader);
            }
            assertThat(names.getProperty("constructor")).as(type.getName()).isNotNull();
        }
    }
}
