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

/** What the plugin stands on: nothing that it carries itself, and nothing under a license that would bind its users. */
class DependenciesTest {

    private static final Set<String> LICENSES = Set.of(
            "Apache-2.0",
            "MIT",
            // Of SpotBugs' annotations, which nothing needs at run time.
            "LGPL-2.1-only",
            // Of the writer of Jenkins' own extension index.
            "CDDL or GPL 2 with Classpath Exception");

    /** The first is made here. The second is MIT as its newer versions say; the POM of this one says nothing. */
    private static final Set<String> SILENT = Set.of("signatures", "annotation-indexer");

    /** The offline build lists its dependencies before its tests, unless Maven is told not to go online. */
    @Test
    @DisabledIfSystemProperty(named = "maven", matches = "offline: true")
    @EnabledIfSystemProperty(named = "bom", matches = ".+")
    void everyLicenseIsOneThatIsWelcome() throws Exception {
        JsonNode components = new ObjectMapper()
                .readTree(Path.of(System.getProperty("bom")).toFile())
                .path("components");
        assertThat(components).isNotEmpty();
        for (JsonNode component : components) {
            String name = component.path("name").asText();
            if (!SILENT.contains(name)) {
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

    /** Jenkins' API plugins bring the libraries, and keep them up to date for all. */
    @Test
    void nothingIsCarriedInsideTheHpi() throws Exception {
        assertThat(new Pom("offline/plugin/pom.xml").texts("/project/dependencies/dependency/scope"))
                .hasSameSizeAs(new Pom("offline/plugin/pom.xml").texts("/project/dependencies/dependency"))
                .containsOnly("provided", "test");
        Pom standard = new Pom("pom.xml");
        assertThat(standard.properties())
                .containsEntry("hpi.strictBundledArtifacts", "true")
                .doesNotContainKey("hpi.bundledArtifacts");
        // What is neither for tests nor from the BOM of Jenkins' plugins would be carried along.
        assertThat(standard.texts("/project/dependencies/dependency[not(scope)]/version"))
                .isEmpty();
    }
}
