package io.jenkins.plugins.vcftoken.demo;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoTest {

    @Test
    void run_withSampleJenkinsfiles_passes(@TempDir Path home) throws Exception {
        assertTrue(Demo.run(Path.of("docs/examples"), home, System.out));
    }
}
