package io.jenkins.plugins.vcftoken.demo;

import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** The sample Jenkinsfiles against a simulated VCF Automation, over HTTPS, with bearers that live for seconds. */
public final class Demo {

    private static final String CREDENTIAL = "vcfa-ci";
    private static final String ORGANIZATION = "acme";
    private static final Duration LIFETIME = Duration.ofSeconds(4);

    private final PrintStream out;
    private boolean kept = true;

    private Demo(PrintStream out) {
        this.out = out;
    }

    /** {@code Demo EXAMPLES HOME}: the folder of the Jenkinsfiles, and an empty one for the controller's files. */
    public static void main(String[] args) {
        boolean kept = false;
        try {
            kept = run(Path.of(args[0]), Path.of(args[1]), System.out);
        } catch (Exception e) {
            System.out.println("[BROKEN] " + e.getMessage());
        }
        System.exit(kept ? 0 : 1);
    }

    /** @return whether all went as promised */
    static boolean run(Path examples, Path home, PrintStream out) throws Exception {
        try (Simulator simulator = Simulator.start()) {
            return new Demo(out).run(simulator, examples, home);
        }
    }

    private boolean run(Simulator simulator, Path examples, Path home) throws Exception {
        simulator.setLifetime(LIFETIME);
        String seed = simulator.addAccount("ci", ORGANIZATION);
        Path workspace = Files.createDirectories(home.resolve("workspace"));
        Path authority = Files.writeString(home.resolve("ca.pem"), simulator.authorityPem());
        Map<String, String> environment = Map.of(
                "CURL_CA_BUNDLE",
                authority.toAbsolutePath().toString(),
                "VCFA",
                simulator.url().toString());
        Console console = new Console(out);
        out.println("A simulated VCF Automation at " + simulator.url() + "; its bearers live for "
                + LIFETIME.toSeconds() + " s, and each exchange replaces the refresh token.");

        try (Controller controller = controller(home, simulator)) {
            controller.store(seed);
            pipeline(controller, console, simulator, workspace, environment)
                    .run(examples.resolve("scripted.Jenkinsfile"));
        }
        int rotations = simulator.rotations();
        promise(rotations >= 2, "the bearer was renewed in mid-block: " + rotations + " exchanges so far");
        stored(home, simulator, seed);

        out.println();
        out.println("The controller restarts, which takes longer than a bearer lives.");
        Thread.sleep(LIFETIME.toMillis());
        try (Controller controller = controller(home, simulator)) {
            pipeline(controller, console, simulator, workspace, environment)
                    .run(examples.resolve("declarative.Jenkinsfile"));
            pipeline(controller, console, simulator, workspace, environment)
                    .run(examples.resolve("with-credentials.Jenkinsfile"));
        }
        promise(simulator.rotations() > rotations, "the second run went on from the token that the first one left");
        stored(home, simulator, seed);
        promise(
                simulator.served() == 5 && simulator.unauthorized() == 0,
                "the API answered " + simulator.served() + " calls with 200 and " + simulator.unauthorized()
                        + " with 401");
        promise(
                simulator.reuses() == 0 && simulator.mostReceived() == 1,
                "no refresh token was sent twice, in " + simulator.requests() + " exchanges");
        promise(
                console.has("The bearer is ****")
                        && !console.hasAnyOf(simulator.bearers())
                        && !console.hasAnyOf(simulator.refreshTokens()),
                "no bearer and no refresh token can be read above");
        return kept;
    }

    private static Controller controller(Path home, Simulator simulator) throws IOException {
        return new Controller(home, simulator, CREDENTIAL, ORGANIZATION);
    }

    private static Pipeline pipeline(
            Controller controller,
            Console console,
            Simulator simulator,
            Path workspace,
            Map<String, String> environment) {
        return new Pipeline(controller, console, simulator.url().toString(), workspace, environment);
    }

    private void stored(Path home, Simulator simulator, String seed) throws Exception {
        try (Controller restarted = controller(home, simulator)) {
            String stored = restarted.storedToken();
            promise(
                    stored.equals(simulator.currentToken("ci")) && !stored.equals(seed),
                    "the stored refresh token is the one that the server accepts now, not the one that was entered");
        }
    }

    private void promise(boolean holds, String what) {
        kept &= holds;
        out.println((holds ? "[ok]     " : "[BROKEN] ") + what);
    }
}
