package io.jenkins.plugins.vcftoken.binding;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

@WithJenkins
class TokenFileRegistryJenkinsTest {

    @TempDir
    private Path disk;

    /** Directories are deleted with their contents, so a damaged or forged record must not cause the deletion of others. */
    @Test
    void delete_withInvalidRecords_removesOnlyTokenFileDirectories(JenkinsRule jenkins) throws Exception {
        Path tokenFiles = file("vcf-token-1", "token").getParent();
        Path unrelated = file("workspace", "source");
        Path directory = Files.createDirectory(disk.resolve("records"));
        Path valid = record(directory, "valid", "run", "gone#1", "node", "", "directory", tokenFiles.toString());
        List<Path> invalid = List.of(
                record(
                        directory,
                        "elsewhere",
                        "run",
                        "gone#1",
                        "node",
                        "",
                        "directory",
                        disk.resolve("workspace") + ""),
                record(directory, "no-directory", "run", "gone#1", "node", "", "place", tokenFiles.toString()),
                record(
                        directory,
                        "no-node",
                        "run",
                        "gone#1",
                        "directory",
                        disk.resolve("workspace").toString()),
                record(directory, "empty"),
                Files.writeString(directory.resolve("damaged.properties"), "run=\\u12"));
        TokenFileRegistry registry = new TokenFileRegistry(directory);
        registry.findUnused(location -> true).forEach(registry::delete);
        assertThat(tokenFiles).doesNotExist();
        assertThat(valid).doesNotExist();
        assertThat(unrelated).exists();
        assertThat(invalid).allSatisfy(record -> assertThat(record).exists());
    }

    private Path file(String directory, String name) throws Exception {
        return Files.writeString(Files.createDirectory(disk.resolve(directory)).resolve(name), "text");
    }

    private static Path record(Path directory, String name, String... entries) throws Exception {
        Properties properties = new Properties();
        for (int i = 0; i < entries.length; i += 2) {
            properties.setProperty(entries[i], entries[i + 1]);
        }
        Path file = directory.resolve(name + ".properties");
        try (var writer = Files.newBufferedWriter(file)) {
            properties.store(writer, null);
        }
        return file;
    }
}
