package io.jenkins.plugins.vcftoken.demo;

import io.jenkins.plugins.vcftoken.lease.Lease;
import io.jenkins.plugins.vcftoken.lease.LeaseOwner;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.rotation.InMemoryVersionedSecret;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The sample Jenkinsfiles against simulated servers, over HTTPS, with access tokens that are valid for seconds. */
public final class Demo {

    private static final Duration LIFETIME = Duration.ofSeconds(4);

    private static final Duration SHORT_CALL = Duration.ofSeconds(5);

    /** Rounds of a second of the example with a file. */
    private static final int ROUNDS = 6;

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
    private final Path examples;
    private boolean kept = true;

    private Demo(PrintStream out, Path examples) {
        this.out = out;
        this.examples = examples;
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
            return new Demo(out, examples).run(simulator, home);
        }
    }

    private boolean run(Simulator simulator, Path home) throws Exception {
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
                Accounts.CSP_ORGANIZATION,
                "ROUNDS",
                String.valueOf(ROUNDS));
        Console console = new Console(out);
        out.println("Simulated servers at " + simulator.url() + "; their access tokens are valid for " + LIFETIME.toSeconds()
                + " s, and each request replaces a service account's refresh token.");

        try (Controller controller = accounts.controller(home)) {
            accounts.enterInto(controller);
            pipeline(controller, console, simulator, workspace, environment)
                    .run(examples.resolve("scripted.Jenkinsfile"));
        }
        int rotations = simulator.rotations();
        promise(rotations >= 2, "the access token was renewed in mid-block: " + rotations + " requests so far");
        stored(accounts, home, simulator, initialToken);
        binding(simulator, accounts, home, workspace, environment, console);

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
        healing(simulator, accounts, home, workspace, environment, console);
        twoControllers(simulator, accounts, home, console);
        promise(
                simulator.served() >= 5 + 5 + ROUNDS && simulator.unauthorized() == 0,
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

    private void binding(
            Simulator simulator,
            Accounts accounts,
            Path home,
            Path workspace,
            Map<String, String> environment,
            Console console)
            throws Exception {
        int served = simulator.served();
        int rotations = simulator.rotations();
        try (Controller controller = accounts.controller(home)) {
            pipeline(controller, console, simulator, workspace, environment)
                    .run(examples.resolve("curl-loop.Jenkinsfile"));
        }
        promise(
                simulator.served() == served + ROUNDS && simulator.rotations() > rotations,
                "the file of a binding was replaced while one process used it for " + ROUNDS + " requests");
    }

    /** The access token has ended, and the response to the next token request is lost. */
    private void healing(
            Simulator simulator,
            Accounts accounts,
            Path home,
            Path workspace,
            Map<String, String> environment,
            Console console)
            throws Exception {
        out.println();
        out.println("---- The server fails during a token request: whether it has replaced the refresh token is unknown.");
        Thread.sleep(LIFETIME.toMillis());
        int grants = simulator.grants();
        simulator.inject(Fault.STATUS_502);
        try (Controller controller = accounts.controller(home, SHORT_CALL)) {
            pipeline(controller, console, simulator, workspace, environment).run(examples.resolve("vcfa.Jenkinsfile"));
        }
        promise(
                console.has("The token is sent once more at") && simulator.grants() == grants + 1,
                "the block waited, and the refresh token was sent once more when nothing could be lost by it");
    }

    /** Where there would be a Kubernetes Secret there is a value in memory, which is replaced by the same rules. */
    private void twoControllers(Simulator simulator, Accounts accounts, Path home, Console console) throws Exception {
        out.println();
        out.println("---- Two controllers with homes of their own share one Secret.");
        String token = simulator.currentToken("ci");
        InMemoryVersionedSecret secret = new InMemoryVersionedSecret(token);
        int requests = simulator.requests();
        Set<String> accessTokens = new HashSet<>();
        try (Controller first = accounts.controller(home.resolve("first"));
                Controller second = accounts.controller(home.resolve("second"))) {
            List<Lease> leases = new ArrayList<>();
            for (Controller controller : List.of(first, second)) {
                controller.share(secret);
                controller.store(Accounts.VCFA, token);
                leases.add(controller.open(Accounts.VCFA, "", new MaskingOwner(console)));
            }
            Instant end = Instant.now().plus(LIFETIME.multipliedBy(10));
            Set<String> current = Set.of();
            while ((accessTokens.size() < 3 || current.size() > 1) && Instant.now().isBefore(end)) {
                Thread.sleep(50);
                current = leases.stream()
                        .map(lease -> lease.accessToken().value())
                        .collect(Collectors.toSet());
                accessTokens.addAll(current);
            }
            leases.forEach(Lease::close);
        }
        int sent = simulator.requests() - requests;
        promise(
                sent == 3 && accessTokens.size() == 3,
                "both controllers used the same " + accessTokens.size() + " access tokens, with " + sent
                        + " token requests");
    }

    private record MaskingOwner(Console console) implements LeaseOwner {

        @Override
        public String who() {
            return "demonstration";
        }

        @Override
        public void beforePublish(AccessToken accessToken) {
            console.mask(accessToken.value());
        }

        @Override
        public void warn(String message) {
            console.println("[demo] " + message);
        }
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
