package io.jenkins.plugins.vcftoken.offline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.cfg.PackageVersion;
import java.util.Arrays;
import java.util.List;
import okhttp3.OkHttp;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The POMs of the offline build and the benchmarks repeat metadata and versions of the standard build. */
class BuildConsistencyTest {

    private final Pom standard = new Pom("pom.xml");
    private final Pom offline = new Pom("offline/pom.xml");
    private final Pom plugin = new Pom("offline/plugin/pom.xml");
    private final Pom bench = new Pom("bench/pom.xml");

    @ParameterizedTest
    @ValueSource(strings = {"groupId", "artifactId", "name", "url", "licenses/license/name", "licenses/license/url"})
    void projectMetadata(String element) {
        assertThat(plugin.text("/project/" + element)).isEqualTo(standard.text("/project/" + element));
    }

    @Test
    void versions() {
        for (String property : standard.properties().keySet()) {
            if (property.endsWith(".version")) {
                String path = "/project/properties/" + property;
                assertThat(offline.text(path)).as(property).isEqualTo(standard.text(path));
            }
        }
    }

    @Test
    void versionsOfTheBenchmarks() {
        bench.properties().forEach((property, value) -> {
            if (property.matches(".*\\.(version|baseline)")) {
                assertThat(value).as(property).isEqualTo(standard.properties().get(property));
            }
        });
        for (String path : List.of("/project/parent/version", "/project/dependencyManagement//version")) {
            assertThat(bench.text(path)).as(path).isEqualTo(standard.text(path));
        }
    }

    /** Versions from the parent POM or BOM of the standard build are only known from its class path. */
    @Test
    void libraryVersions() {
        assertThat(offline.properties())
                .containsEntry("okhttp.version", OkHttp.VERSION)
                .containsEntry("jackson.version", PackageVersion.VERSION.toString())
                .containsEntry("junit.version", Test.class.getPackage().getImplementationVersion());
    }

    @Test
    void pluginDependencies() {
        List<String> declared = standard.texts("/project/dependencies/dependency[not(scope)]/artifactId");
        String manifest = plugin.text("//manifestEntries/Plugin-Dependencies");
        assertThat(Arrays.stream(manifest.split(","))
                        .map(dependency -> dependency.split(":")[0]))
                .containsExactlyElementsOf(declared);
    }
}
