package io.jenkins.plugins.vcftoken.offline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.cfg.PackageVersion;
import java.util.Arrays;
import java.util.List;
import okhttp3.OkHttp;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The offline build and the benchmarks repeat some of what the standard build says, and must go on saying the same. */
class BuildsAgreeTest {

    private final Pom standard = new Pom("pom.xml");
    private final Pom offline = new Pom("offline/pom.xml");
    private final Pom plugin = new Pom("offline/plugin/pom.xml");
    private final Pom bench = new Pom("bench/pom.xml");

    @ParameterizedTest
    @ValueSource(strings = {"groupId", "artifactId", "name", "url", "licenses/license/name", "licenses/license/url"})
    void project(String element) {
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

    /** Where the standard build takes a version from its parent or its BOM, its class path tells. */
    @Test
    void librariesThatAreHere() {
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
