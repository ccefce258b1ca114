package io.jenkins.plugins.vcftoken.interop;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A program that {@code interop/install} has put into the folder that {@code -Dinterop.tools} names. */
final class Tool {

    private static final String FOLDER = System.getProperty("interop.tools");

    /**
     * @param output standard output and standard error
     */
    record Result(int status, String output) {}

    private final Path program;

    private Tool(Path program) {
        this.program = program;
    }

    /** Skips the test when the program is not there. */
    static Tool named(String name) {
        Path program = folder().resolve("bin").resolve(name);
        assumeTrue(Files.isExecutable(program), () -> program + " is not installed; see " + folder() + "/missing.txt");
        return new Tool(program);
    }

    /** Skips the test when no folder is named. */
    static Path folder() {
        assumeTrue(FOLDER != null, "-Dinterop.tools names no folder that interop/install has filled");
        return Path.of(FOLDER).toAbsolutePath();
    }

    /**
     * Runs the program to its end.
     *
     * @param environment all of it, but for the path
     * @param input on standard input
     */
    Result run(Path directory, Map<String, String> environment, String input, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        Path in = Files.writeString(Files.createTempFile(directory, "in", ""), input);
        Path out = Files.createTempFile(directory, "out", "");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectInput(in.toFile())
                .redirectOutput(out.toFile());
        Map<String, String> all = new HashMap<>(environment);
        all.put("PATH", System.getenv("PATH"));
        builder.environment().clear();
        builder.environment().putAll(all);
        Process process = builder.start();
        if (!process.waitFor(3, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new AssertionError(command + " does not end: " + Files.readString(out));
        }
        return new Result(process.exitValue(), Files.readString(out));
    }
}
