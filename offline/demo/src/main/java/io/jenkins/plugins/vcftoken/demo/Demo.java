package io.jenkins.plugins.vcftoken.demo;

import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The sample Jenkinsfiles against simulated servers, over HTTPS, with access tokens that live for seconds. */
public final class Demo {

    private static final Duration LIFETIME = Duration.ofSeconds(4);

    private static final List<String> SECOND_RUN = List.of(
            "declarative",
            "with-credentials",
            "vcfa",
            "organization",
            "sddc-manager",
            "vcf-operations-user",
            "csp-api-token",
            "csp-oauth-app",
            "vcf-sso-api-token");

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
        Accounts accounts = Accounts.on(simulator);
        String initialToken = simulator.currentToken("ci");
        Path workspace = Files.createDirectories(home.resolve("workspace"));
        Path authority = Files.writeString(home.resolve("ca.pem"), simulator.authorityPem());
        String url = simulator.url().toString();
        Map<String, String> environment = Map.of(
                "CURL_CA_BUNDLE",
                authority.toAbsolutePath().toString(),
                "VCFA",
                url,
                "NSX",
                url,
                "CSP_ORGANIZATION",
                Accounts.CSP_ORGANIZATION);
        Console console = new Console(out);
        out.println("Simulated servers at " + simulator.url() + "; their access tokens live for " + LIFETIME.toSeconds()
                + " s, and each exchange replaces a service account's refresh token.");

        try (Controller controller = accounts.controller(home)) {
            accounts.enterInto(controller);
            pipeline(controller, console, simulator, workspace, environment)
                    .run(examples.resolve("scripted.Jenkinsfile"));
        }
        int rotations = simulator.rotations();
        promise(rotations >= 2, "the access token was renewed in mid-block: " + rotations + " exchanges so far");
        stored(accounts, home, simulator, initialToken);

        out.println();
        out.println("The controller restarts, which takes longer than an access token lives.");
        Thread.sleep(LIFETIME.toMillis());
        try (Controller controller = accounts.controller(home)) {
            for (String example : SECOND_RUN) {
                pipeline(controller, console, simulator, workspace, environment)
                        .run(examples.resolve(example + ".Jenkinsfile"));
            }
        }
        promise(simulator.rotations() > rotations, "the second run went on from the token that the first one left");
        stored(accounts, home, simulator, initialToken);
        promise(
                simulator.served() >= 5 + 5 && simulator.unauthorized() == 0,
                "the API answered " + simulator.served() + " calls with 200 and " + simulator.unauthorized()
                        + " with 401");
        promise(
                simulator.reuses() == 0 && simulator.violations().isEmpty(),
                "no refresh token was sent twice, in " + simulator.requests() + " token requests");
        promise(
                console.has("The access token is ****")
                        && !console.hasAnyOf(simulator.accessTokens())
                        && !console.hasAnyOf(simulator.refreshTokens()),
                "no access token and no refresh token can be read above");
        return kept;
    }

    private static Pipeline pipeline(
            Controller controller,
            Console console,
            Simulator simulator,
            Path workspace,
            Map<String, String> environment) {
        return new Pipeline(controller, console, simulator.url().toString(), workspace, environment);
    }

    private void stored(Accounts accounts, Path home, Simulator simulator, String initialToken) throws Exception {
        try (Controller restarted = accounts.controller(home)) {
            String stored = restarted.stored(Accounts.VCFA);
            promise(
                    stored.equals(simulator.currentToken("ci")) && !stored.equals(initialToken),
                    "the stored refresh token is the one that the server accepts now, not the one that was entered");
        }
    }

    private void promise(boolean holds, String what) {
        kept &= holds;
        out.println((holds ? "[ok]     " : "[BROKEN] ") + what);
    }
}
