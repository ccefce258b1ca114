package io.jenkins.plugins.vcftoken.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.WarExploder;

/** Startup time of Jenkins with the plugin and its records, in a separate process with only the required plugins. */
class JenkinsStartBench {

    private static final Report REPORT = new Report("start");
    private static final Path PLUGINS = Path.of("target", "test-classes", "test-dependencies");
    private static final Path PLUGIN = PLUGINS.resolve("vcf-token.hpi");
    private static final String UP = "Jenkins is fully up and running";

    @TempDir
    private Path directory;

    @Test
    void start() throws Exception {
        Path without = home("without", -1);
        // The first start extracts the plugins, and is a warm-up.
        int[] sizes = Report.sizesOrOne(100, 10_000);
        List<Samples.Measurement> measurements = new ArrayList<>();
        measurements.add(() -> start(without, List.of()));
        for (int records : sizes) {
            Path home = home("with-" + records, records);
            measurements.add(() -> start(home, List.of()));
        }
        List<Samples> results = Samples.interleave(Report.rounds(9), measurements.toArray(Samples.Measurement[]::new));
        for (int i = 0; i < sizes.length; i++) {
            Row row = new Row(
                            "start of Jenkins with the plugin and a ledger with records",
                            sizes[i],
                            "records",
                            "ms",
                            results.get(i + 1))
                    .comparedTo("without the plugin", results.get(0));
            double more = row.measured().median() - results.get(0).median();
            REPORT.add(row.withTarget("≤ + 100 ms (is " + Row.number(more) + ")", more <= 100));
        }
        countReadsAndClasses(directory.resolve("with-" + sizes[sizes.length - 1]));
    }

    private void countReadsAndClasses(Path home) throws Exception {
        Path recording = directory.resolve("start.jfr");
        Path classes = directory.resolve("classes.log");
        start(
                home,
                List.of(
                        "-XX:StartFlightRecording=filename=" + recording + ",settings=none,jdk.FileRead#enabled=true,"
                                + "jdk.FileRead#threshold=0ns",
                        "-Xlog:class+load=info:file=" + classes));
        int reads = 0;
        for (RecordedEvent event : RecordingFile.readAllEvents(recording)) {
            String path = event.getEventType().getName().equals("jdk.FileRead") ? event.getString("path") : null;
            reads += path != null && path.contains("/vcf-token/") && path.endsWith(".json") ? 1 : 0;
        }
        long loaded;
        try (var lines = Files.lines(classes)) {
            loaded = lines.filter(line -> line.contains(" io.jenkins.plugins.vcftoken."))
                    .count();
        }
        REPORT.note("a start reads " + reads + " of the ledger's files and loads " + loaded + " classes of the plugin");
    }

    /** @return milliseconds from the start of the process until Jenkins is up and running */
    private double start(Path home, List<String> options) throws Exception {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(List.of(
                "-Xmx512m", "-Djenkins.install.runSetupWizard=false", "-Dhudson.model.UpdateCenter.never=true"));
        command.addAll(options);
        File war = WarExploder.findJenkinsWar();
        command.addAll(List.of("-jar", war.getPath(), "--httpPort=0", "--httpListenAddress=127.0.0.1"));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("JENKINS_HOME", home.toString());
        long start = System.nanoTime();
        Process process = builder.start();
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            StringBuilder log = new StringBuilder();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                log.append(line).append('\n');
                if (line.contains(UP)) {
                    double took = OkHttpBaseline.millisSince(start);
                    assertThat(log.toString()).doesNotContain("Failed Loading plugin");
                    return took;
                }
            }
            throw new IOException(log.toString());
        } finally {
            if (options.isEmpty()) {
                process.destroyForcibly();
            } else {
                // JFR writes the recording at exit.
                process.destroy();
            }
            process.waitFor(60, TimeUnit.SECONDS);
        }
    }

    /** @param records number of records in the ledger; negative to omit the plugin */
    private Path home(String name, int records) throws Exception {
        Path home = directory.resolve(name);
        Path plugins = Files.createDirectories(home.resolve("plugins"));
        Deque<String> wanted = new ArrayDeque<>();
        try (JarFile jar = new JarFile(PLUGIN.toFile())) {
            wanted.addAll(dependencies(jar.getManifest()));
        }
        Set<String> installed = new HashSet<>();
        while (!wanted.isEmpty()) {
            String plugin = wanted.remove();
            if (installed.add(plugin)) {
                Path packed = PLUGINS.resolve(plugin + ".hpi");
                Path file = Files.exists(packed) ? packed : PLUGINS.resolve(plugin + ".jpi");
                Files.copy(file, plugins.resolve(plugin + ".jpi"));
                try (JarFile jar = new JarFile(file.toFile())) {
                    wanted.addAll(dependencies(jar.getManifest()));
                }
            }
        }
        if (records >= 0) {
            Files.copy(PLUGIN, plugins.resolve("vcf-token.jpi"));
            CoreBench.fill(home.resolve("vcf-token"), records);
        }
        return home;
    }

    private static List<String> dependencies(Manifest manifest) {
        String all = manifest.getMainAttributes().getValue("Plugin-Dependencies");
        List<String> names = new ArrayList<>();
        for (String one : all == null ? new String[0] : all.split(",")) {
            if (!one.contains("resolution:=optional")) {
                names.add(one.split(":")[0]);
            }
        }
        return names;
    }
}
