package io.jenkins.plugins.vcftoken.attack;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Nothing here widens what Jenkins deserializes, and nothing runs in a page but files. */
class PackagingTest {

    private static final Path RESOURCES = Path.of("src/main/resources");

    /** JEP-200. */
    @Test
    void noClassIsAddedToWhatMayBeDeserialized() {
        assertThat(RESOURCES.resolve("META-INF/hudson.remoting.ClassFilter")).doesNotExist();
    }

    /** Jenkins' Content Security Policy lets neither run; a view that needs them would be dead there. */
    @Test
    void noPageHasScriptOrStyleInItself() throws Exception {
        try (var files = Files.walk(RESOURCES)) {
            assertThat(files.filter(file -> file.toString().matches(".*\\.(jelly|html)")))
                    .isNotEmpty()
                    .allSatisfy(file -> assertThat(Files.readString(file))
                            .doesNotContainPattern("<script(?![^>]*\\bsrc=)")
                            .doesNotContainPattern("(?i)\\son[a-z]+\\s*=\\s*\"")
                            .doesNotContainPattern("(?i)\\sstyle\\s*=\\s*\"")
                            .doesNotContainPattern("(?i)href\\s*=\\s*\"javascript:")
                            .doesNotContain("h.rawHtml", "escapeText=\"false\""));
        }
    }
}
