package io.jenkins.plugins.vcftoken.demo;

import io.jenkins.plugins.vcftoken.lease.Lease;
import io.jenkins.plugins.vcftoken.lease.LeaseOwnerCallback;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.rotation.InMemoryVersionedSecret;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
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

/** Jenkinsfiles with a simulator and a home directory of their own, and checks of what the servers counted. */
final class DemoScenario {

    static final Duration LIFETIME = Duration.ofSeconds(4);

    private static final Duration SHORT_CALL_TIMEOUT = Duration.ofSeconds(5);

    /** Number of requests in {@code curl-loop.Jenkinsfile}, one per second. */
    private static final int ROUNDS = 6;

    private static final List<String> EXAMPLES_AFTER_RESTART = List.of(
            "declarative",
            "with-credentials",
            "vcfa",
            "organization",
            "sddc-manager",
            "vcf-operations-user",
            "csp-api-token",
            "csp-oauth-app",
            "vcf-sso-api-token");

    private final Simulator simulator;
    private final Path examples;
    private final Path home;
    private final PrintStream out;
    private final MaskingConsole console;
    private final DemoAccounts accounts;
    private final String initialToken;
    private final Path workspace;
    private final Map<String, String> environment;
    private boolean passed = true;

    /** What a scenario does before the checks that all have in common. */
    @FunctionalInterface
    interface Script {
        void run(DemoScenario scenario) throws Exception;
    }

    private DemoScenario(Simulator simulator, Path examples, Path home, PrintStream out) throws IOException {
        this.simulator = simulator;
        this.examples = examples;
        this.home = home;
        this.out = out;
        console = new MaskingConsole(out);
        accounts = DemoAccounts.create(simulator);
        initialToken = simulator.currentToken("ci");
        workspace = Files.createDirectories(home.resolve("workspace"));
        Path authority = Files.writeString(home.resolve("ca.pem"), simulator.authorityPem());
        String url = simulator.url().toString();
        environment = Map.of(
                "CURL_CA_BUNDLE",
                authority.toAbsolutePath().toString(),
                "VCFA",
                url,
                "NSX",
                url,
                "CSP_ORGANIZATION",
                DemoAccounts.CSP_ORGANIZATION,
                "ROUNDS",
                String.valueOf(ROUNDS));
    }

    /** @return whether all checks passed */
    static boolean run(Script script, Path examples, Path home, PrintStream out) throws Exception {
        try (Simulator simulator = Simulator.start()) {
            simulator.setLifetime(LIFETIME);
            DemoScenario scenario = new DemoScenario(simulator, examples, home, out);
            try (DemoController controller = scenario.accounts.controller(home)) {
                scenario.accounts.storeIn(controller);
            }
            script.run(scenario);
            scenario.checkServerAndConsole();
            return scenario.passed;
        }
    }

    void renewAndRestart() throws Exception {
        runExample("scripted");
        int rotations = simulator.rotations();
        check(rotations >= 2, "the access token was renewed in mid-block: " + rotations + " requests so far");
        checkStoredToken();

        out.println();
        out.println("The controller restarts, which takes longer than an access token lives.");
        Thread.sleep(LIFETIME.toMillis());
        try (DemoController controller = accounts.controller(home)) {
            for (String example : EXAMPLES_AFTER_RESTART) {
                runExample(controller, example);
            }
        }
        check(simulator.rotations() > rotations, "the second run went on from the token that the first one left");
        checkStoredToken();
        check(console.contains("The access token is ****"), "the access token that a script prints is masked");
    }

    void replaceHeaderFile() throws Exception {
        runExample("curl-loop");
        check(
                simulator.served() == ROUNDS && simulator.rotations() >= 2,
                "the file of a binding was replaced while one process used it for " + ROUNDS + " requests");
    }

    /** The access token has expired, and the response to the next token request is lost. */
    void loseResponse() throws Exception {
        runExample("vcfa");
        out.println();
        out.println("The server fails during a token request: whether it has replaced the refresh token is unknown.");
        Thread.sleep(LIFETIME.toMillis());
        int grants = simulator.grants();
        simulator.inject(Fault.STATUS_502);
        try (DemoController controller = accounts.controller(home, SHORT_CALL_TIMEOUT)) {
            runExample(controller, "vcfa");
        }
        check(
                console.contains("The token is sent once more at") && simulator.grants() == grants + 1,
                "the block waited, and the refresh token was sent once more when nothing could be lost by it");
    }

    /** An in-memory value with the same versioning replaces the Kubernetes Secret. */
    void shareSecret() throws Exception {
        out.println();
        out.println("---- Two controllers with homes of their own share one Secret.");
        InMemoryVersionedSecret secret = new InMemoryVersionedSecret(initialToken);
        Set<String> accessTokens = new HashSet<>();
        try (DemoController first = accounts.controller(home.resolve("first"));
                DemoController second = accounts.controller(home.resolve("second"))) {
            List<Lease> leases = new ArrayList<>();
            for (DemoController controller : List.of(first, second)) {
                controller.share(secret);
                controller.store(DemoAccounts.VCFA, initialToken);
                leases.add(controller.open(DemoAccounts.VCFA, "", new MaskingOwner(console)));
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
        check(
                simulator.requests() == 3 && accessTokens.size() == 3,
                "both controllers used the same " + accessTokens.size() + " access tokens, with "
                        + simulator.requests() + " token requests");
    }

    private record MaskingOwner(MaskingConsole console) implements LeaseOwnerCallback {

        @Override
        public String displayName() {
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

    private void runExample(String example) throws Exception {
        try (DemoController controller = accounts.controller(home)) {
            runExample(controller, example);
        }
    }

    private void runExample(DemoController controller, String example) throws Exception {
        new PipelineRunner(controller, console, simulator.url().toString(), workspace, environment)
                .run(examples.resolve(example + ".Jenkinsfile"));
    }

    private void checkStoredToken() throws Exception {
        try (DemoController restarted = accounts.controller(home)) {
            String stored = restarted.stored(DemoAccounts.VCFA);
            check(
                    stored.equals(simulator.currentToken("ci")) && !stored.equals(initialToken),
                    "the stored refresh token is the one that the server accepts now, not the one that was entered");
        }
    }

    private void checkServerAndConsole() {
        check(
                simulator.unauthorized() == 0,
                "the API answered " + simulator.unauthorized() + " calls with 401, and " + simulator.served()
                        + " with 200");
        check(
                simulator.reuses() == 0 && simulator.violations().isEmpty(),
                "no refresh token was sent twice, in " + simulator.requests() + " token requests");
        check(
                !console.containsAnyOf(simulator.accessTokens()) && !console.containsAnyOf(simulator.refreshTokens()),
                "no access token and no refresh token can be read above");
    }

    private void check(boolean holds, String message) {
        passed &= holds;
        out.println((holds ? "[ok]     " : "[BROKEN] ") + message);
    }
}
