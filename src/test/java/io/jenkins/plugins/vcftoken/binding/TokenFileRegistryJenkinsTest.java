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

    /** Records from other sources: the directory that a record names is deleted with all its contents. */
    @Test
    void onlyWhatIsSurelyADirectoryOfTokenFilesIsRemoved(JenkinsRule jenkins) throws Exception {
        Path ours = file("vcf-token-1", "token").getParent();
        Path precious = file("workspace", "precious");
        Path notes = Files.createDirectory(disk.resolve("notes"));
        Path good = note(notes, "good", "run", "gone#1", "node", "", "directory", ours.toString());
        List<Path> bad = List.of(
                note(notes, "elsewhere", "run", "gone#1", "node", "", "directory", disk.resolve("workspace") + ""),
                note(notes, "no-directory", "run", "gone#1", "node", "", "place", ours.toString()),
                note(
                        notes,
                        "no-node",
                        "run",
                        "gone#1",
                        "directory",
                        disk.resolve("workspace").toString()),
                note(notes, "empty"),
                Files.writeString(notes.resolve("damaged.properties"), "run=\\u12"));
        TokenFileRegistry found = new TokenFileRegistry(notes);
        found.findUnused(location -> true).forEach(found::delete);
        assertThat(ours).doesNotExist();
        assertThat(good).doesNotExist();
        assertThat(precious).exists();
        assertThat(bad).allSatisfy(note -> assertThat(note).exists());
    }

    private Path file(String directory, String name) throws Exception {
        return Files.writeString(Files.createDirectory(disk.resolve(directory)).resolve(name), "text");
    }

    private static Path note(Path notes, String name, String... entries) throws Exception {
        Properties text = new Properties();
        for (int i = 0; i < entries.length; i += 2) {
            text.setProperty(entries[i], entries[i + 1]);
        }
        Path file = notes.resolve(name + ".properties");
        try (var writer = Files.newBufferedWriter(file)) {
            text.store(writer, null);
        }
        return file;
    }
}
