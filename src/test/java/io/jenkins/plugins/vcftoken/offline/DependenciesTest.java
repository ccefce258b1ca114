package io.jenkins.plugins.vcftoken.offline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** The plugin bundles no libraries, and its dependencies have permissive licenses. */
class DependenciesTest {

    private static final Set<String> LICENSES = Set.of(
            "Apache-2.0",
            "MIT",
            // SpotBugs annotations, which are not needed at run time.
            "LGPL-2.1-only",
            // Annotation processor for the extension index.
            "CDDL or GPL 2 with Classpath Exception");

    /** The first is part of this build. The second has no license in its POM; newer versions state MIT. */
    private static final Set<String> WITHOUT_LICENSE = Set.of("signatures", "annotation-indexer");

    /**
     * The offline build creates the list of dependencies before the tests, unless Maven runs with {@code --offline}.
     */
    @Test
    @DisabledIfSystemProperty(named = "maven", matches = "offline: true")
    @EnabledIfSystemProperty(named = "bom", matches = ".+")
    void everyLicense_isAllowed() throws Exception {
        JsonNode components = new ObjectMapper()
                .readTree(Path.of(System.getProperty("bom")).toFile())
                .path("components");
        assertThat(components).isNotEmpty();
        for (JsonNode component : components) {
            String name = component.path("name").asText();
            if (!WITHOUT_LICENSE.contains(name)) {
                assertThat(licenses(component)).as(name).isNotEmpty().isSubsetOf(LICENSES);
            }
        }
    }

    private static List<String> licenses(JsonNode component) {
        List<String> names = new ArrayList<>();
        for (JsonNode license : component.path("licenses")) {
            JsonNode named = license.path("license");
            names.add(named.path(named.has("id") ? "id" : "name")
                    .asText(license.path("expression").asText()));
        }
        return names;
    }

    /** Libraries come from API plugins. */
    @Test
    void hpi_bundlesNoLibraries() throws Exception {
        assertThat(new Pom("offline/plugin/pom.xml").texts("/project/dependencies/dependency/scope"))
                .hasSameSizeAs(new Pom("offline/plugin/pom.xml").texts("/project/dependencies/dependency"))
                .containsOnly("provided", "test");
        Pom standard = new Pom("pom.xml");
        assertThat(standard.properties())
                .containsEntry("hpi.strictBundledArtifacts", "true")
                .doesNotContainKey("hpi.bundledArtifacts");
        // A dependency with neither test scope nor a version from the BOM of plugins would be bundled.
        assertThat(standard.texts("/project/dependencies/dependency[not(scope)]/version"))
                .isEmpty();
    }
}
