package io.jenkins.plugins.vcftoken.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An external program, in the directory {@code -Dinterop.tools} or on the PATH. */
final class Program {

    private static final Duration LIMIT = Duration.ofMinutes(5);

    private final Path file;

    private Program(Path file) {
        this.file = file;
    }

    /** Skips the test if the program is not installed. */
    static Program require(String name) {
        Path tools = directory();
        Path program = tools.resolve("bin").resolve(name);
        assumeTrue(Files.isExecutable(program), () -> name + " is not in " + tools + "/bin; see missing.txt there");
        return new Program(program);
    }

    static boolean isInstalled(String name) {
        String tools = System.getProperty("interop.tools");
        return tools != null && Files.isExecutable(Path.of(tools, "bin", name));
    }

    /** Skips the test if the program is not on the PATH. */
    static Program findOnPath(String name) {
        assumeTrue(System.getProperty("interop.tools") != null, "-Dinterop.tools is not set");
        for (String directory : System.getenv("PATH").split(File.pathSeparator)) {
            Path program = Path.of(directory, name);
            if (Files.isExecutable(program)) {
                return new Program(program);
            }
        }
        return abort(name + " is not on this machine");
    }

    /** PATH with the tools before the programs of the machine. */
    static String path() {
        return Path.of(System.getProperty("interop.tools"), "bin").toAbsolutePath()
                + File.pathSeparator
                + System.getenv("PATH");
    }

    Path file() {
        return file;
    }

    /** Exit code and output of a process; the code is -1 after a timeout. */
    record Result(int code, String output) {

        String success() {
            assertThat(code).as(output).isZero();
            return output;
        }

        String failure() {
            assertThat(code).as(output).isNotZero();
            return output;
        }
    }

    /** A running process, and the file with its output. */
    record Run(Process process, Path log) {

        Result await(Duration limit) throws IOException, InterruptedException {
            boolean ended = process.waitFor(limit.toSeconds(), TimeUnit.SECONDS);
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
            return new Result(ended ? process.exitValue() : -1, Files.readString(log));
        }
    }

    /** Skips the test if {@code -Dinterop.tools} is not set. */
    static Path directory() {
        String tools = System.getProperty("interop.tools");
        assumeTrue(tools != null, "-Dinterop.tools names no directory filled by interop/install");
        return Path.of(tools).toAbsolutePath();
    }

    /** The first version number in the output of the program. */
    String version(Path directory, String... arguments) throws IOException, InterruptedException {
        return firstVersion(run(directory, Map.of(), arguments).success(), "");
    }

    /** @param prefix text directly before the version number */
    static String firstVersion(String text, String prefix) {
        Matcher version =
                Pattern.compile(Pattern.quote(prefix) + "(\\d+(?:\\.\\d+)+)").matcher(text);
        assertThat(version.find()).as(text).isTrue();
        return version.group(1);
    }

    Result run(Path directory, Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        return start(directory, environment, arguments).await(LIMIT);
    }

    /** @param input text for the standard input */
    Result runWithInput(Path directory, Map<String, String> environment, String input, String... arguments)
            throws IOException, InterruptedException {
        Run run = start(directory, environment, arguments);
        try (Writer writer = run.process().outputWriter()) {
            writer.write(input);
        }
        return run.await(LIMIT);
    }

    /**
     * @param directory the working directory and HOME
     * @param environment variables in addition to PATH and HOME
     */
    Run start(Path directory, Map<String, String> environment, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(file.toString()));
        command.addAll(List.of(arguments));
        Path log = Files.createTempFile(directory, "output", ".log");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().clear();
        builder.environment().put("PATH", path());
        builder.environment().put("HOME", directory.toString());
        builder.environment().putAll(environment);
        return new Run(builder.start(), log);
    }
}
