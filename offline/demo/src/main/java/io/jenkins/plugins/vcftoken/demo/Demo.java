package io.jenkins.plugins.vcftoken.demo;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Runs the sample Jenkinsfiles against simulated servers over HTTPS, with access tokens that are valid for seconds. The
 * scenarios run at the same time, because they mostly wait; their output is printed one after the other.
 */
public final class Demo {

    private static final List<DemoScenario.Script> SCRIPTS = List.of(
            DemoScenario::renewAndRestart,
            DemoScenario::replaceHeaderFile,
            DemoScenario::loseResponse,
            DemoScenario::shareSecret);

    private Demo() {}

    /** @param args directory of the Jenkinsfiles, and an empty directory for the files of the controllers */
    public static void main(String[] args) {
        boolean passed = false;
        try {
            passed = run(Path.of(args[0]), Path.of(args[1]), System.out);
        } catch (Exception e) {
            System.out.println("[BROKEN] " + e.getMessage());
        }
        System.exit(passed ? 0 : 1);
    }

    /** @return whether all checks passed */
    static boolean run(Path examples, Path home, PrintStream out) throws Exception {
        out.println("Simulated servers with access tokens that are valid for " + DemoScenario.LIFETIME.toSeconds()
                + " s. Each request replaces the refresh token of a service account.");
        List<Future<Boolean>> results = new ArrayList<>();
        List<ByteArrayOutputStream> outputs = new ArrayList<>();
        ExecutorService executor = Executors.newFixedThreadPool(SCRIPTS.size());
        for (DemoScenario.Script script : SCRIPTS) {
            Path directory = home.resolve("scenario-" + results.size());
            ByteArrayOutputStream output = new ByteArrayOutputStream();
            // A reader sees the progress of the first one.
            PrintStream stream = results.isEmpty() ? out : new PrintStream(output, true, StandardCharsets.UTF_8);
            outputs.add(output);
            results.add(executor.submit(() -> DemoScenario.run(script, examples, directory, stream)));
        }
        executor.shutdown();
        boolean passed = true;
        for (int i = 0; i < results.size(); i++) {
            try {
                passed &= results.get(i).get();
            } catch (ExecutionException e) {
                passed = false;
                out.println("[BROKEN] " + e.getCause());
            } finally {
                out.print(outputs.get(i).toString(StandardCharsets.UTF_8));
            }
        }
        return passed;
    }
}
