package io.jenkins.plugins.vcftoken.interop;

import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;

/** Results by program, which {@code bin/interop} prints. Several test JVMs append to the same file. */
final class InteropTable {

    private static final Path FILE = Path.of("target/interop.tsv");

    private InteropTable() {}

    static void add(String tool, String version, String action, Simulator simulator) throws IOException {
        Files.createDirectories(FILE.getParent());
        String row = String.join(
                "\t",
                tool,
                version,
                action,
                String.valueOf(simulator.accessTokens().size()),
                String.valueOf(simulator.unauthorized()));
        Files.writeString(FILE, row + '\n', StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /** @param workspace initialized directory, which determines the version of the provider */
    static void addProvider(String provider, Path workspace, String action, Simulator simulator)
            throws IOException, InterruptedException {
        String version =
                Program.require("tofu").run(workspace, Map.of(), "version").success();
        add(
                "OpenTofu, provider " + provider,
                Program.firstVersion(version, "OpenTofu v") + ", "
                        + Program.firstVersion(version, "/" + provider + " v"),
                action,
                simulator);
    }
}
