package io.jenkins.plugins.vcftoken.simulator;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;

/** The simulator alone, for demonstrations: {@code SimulatorMain PORT BEARER-LIFETIME-IN-SECONDS DIRECTORY}. */
public final class SimulatorMain {

    private SimulatorMain() {}

    /** Writes {@code ca.pem}, {@code url} and one {@code seed} (account "jenkins" of organization "acme"), then serves. */
    public static void main(String[] args) throws Exception {
        if (args.length != 3) {
            System.err.println("Usage: SimulatorMain PORT BEARER-LIFETIME-IN-SECONDS DIRECTORY");
            System.exit(2);
        }
        Simulator simulator = Simulator.start(InstantSource.system(), Integer.parseInt(args[0]));
        simulator.setLifetime(Duration.ofSeconds(Long.parseLong(args[1])));
        Path directory = Files.createDirectories(Path.of(args[2]));
        Files.writeString(directory.resolve("ca.pem"), simulator.authorityPem());
        Files.writeString(directory.resolve("seed"), simulator.addAccount("jenkins", "acme"));
        Files.writeString(directory.resolve("url"), simulator.url().toString());
        System.out.println("Simulator at " + simulator.url() + ", organization acme, files in " + directory);
        Thread.currentThread().join();
    }
}
