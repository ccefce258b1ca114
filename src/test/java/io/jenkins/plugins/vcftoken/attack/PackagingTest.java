package io.jenkins.plugins.vcftoken.attack;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * The plugin does not extend the deserialization allowlist of Jenkins, and its pages are compatible with Content
 * Security Policy.
 */
class PackagingTest {

    private static final Path RESOURCES = Path.of("src/main/resources");

    /** See JEP-200. */
    @Test
    void classFilter_isNotExtended() {
        assertThat(RESOURCES.resolve("META-INF/hudson.remoting.ClassFilter")).doesNotExist();
    }

    /** The Content Security Policy of Jenkins blocks inline scripts and styles. */
    @Test
    void pages_haveNoInlineScriptOrStyle() throws Exception {
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
