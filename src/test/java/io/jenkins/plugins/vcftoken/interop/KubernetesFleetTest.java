package io.jenkins.plugins.vcftoken.interop;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.kubernetes.KubernetesSecrets;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.rotation.FileTokenLedger;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two controller processes with separate homes that share the Secrets of a real API server. {@code
 * -Dfleet.rotations}, {@code -Dfleet.wipes} and {@code -Dfleet.accounts} set the length.
 */
class KubernetesFleetTest {

    private static final int ROTATIONS = Integer.getInteger("fleet.rotations", 150);
    private static final int WIPES = Integer.getInteger("fleet.wipes", 2);
    private static final int ACCOUNTS = Integer.getInteger("fleet.accounts", 8);

    /** Shorter than a claim: the access token of a killed controller expires before others repeat its request. */
    private static final Duration SHORT = Duration.ofSeconds(1);

    /** Long enough that the duration of a request is negligible. */
    private static final Duration LONG = Duration.ofSeconds(5);

    /** Longer than any open claim. */
    private static final Duration RECOVERY_TIMEOUT = Duration.ofSeconds(90);

    /** Maximum time without a rotation, far longer than the claims of killed controllers. */
    private static final Duration PROGRESS_TIMEOUT = Duration.ofMinutes(10);

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path directory;

    private final Random random = new Random(Long.getLong("fleet.seed", System.nanoTime()));
    private final List<String> errors = new CopyOnWriteArrayList<>();
    private final List<Controller> controllers = new ArrayList<>();

    /** Messages of controllers by account that needs authorization. */
    private final Map<String, String> stuck = new ConcurrentHashMap<>();

    /** Messages of controllers by account with an unknown outcome, which announce the retry. */
    private final Map<String, String> waiting = new ConcurrentHashMap<>();

    /** Number of printed lines by kind. */
    private final Map<String, Integer> messages = new ConcurrentHashMap<>();

    /** Distinct messages about temporary failures. */
    private final Set<String> failures = ConcurrentHashMap.newKeySet();

    private int authorized;
    private int revokedButKept;

    private KubernetesApiServer server;
    private Simulator simulator;

    /** One of the two controllers. */
    private final class Controller {
        private final Path home;
        private final Path kubeconfig;
        private Process process;

        private Controller(String name) throws Exception {
            home = Files.createDirectory(directory.resolve(name));
            kubeconfig = server.kubeconfig("ci", name);
        }

        private void start() throws IOException {
            process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            System.getProperty("java.class.path"),
                            FleetController.class.getName(),
                            home.toString(),
                            simulator.url().toString(),
                            directory.resolve("vcfa.pem").toString(),
                            kubeconfig.toString(),
                            String.valueOf(ACCOUNTS))
                    .redirectError(ProcessBuilder.Redirect.appendTo(new File(directory.toFile(), "errors")))
                    .start();
            Process started = process;
            Thread listener = new Thread(() -> listen(started));
            listener.setDaemon(true);
            listener.start();
        }

        private void kill() throws Exception {
            process.destroyForcibly().waitFor();
        }

        private List<TokenFamily> families() throws IOException {
            return new FileTokenLedger(home.resolve("ledger"), TestTokenService.CIPHER).loadAll();
        }
    }

    @BeforeEach
    void start() throws Exception {
        server = KubernetesApiServer.start(directory);
        simulator = Simulator.start();
        Files.writeString(directory.resolve("vcfa.pem"), simulator.authorityPem());
        server.applyNamespace("ci", List.of("first", "second"), KubernetesApiServer.updateRule(ids()));
        StringBuilder manifest = new StringBuilder();
        for (String id : ids()) {
            manifest.append("""
                    ---
                    apiVersion: v1
                    kind: Secret
                    metadata: {name: %s, namespace: ci}
                    stringData: {refreshToken: "%s", other: kept}
                    """.formatted(id, simulator.addAccount(id, "acme")));
        }
        server.apply(manifest.toString());
        controllers.add(new Controller("first"));
        controllers.add(new Controller("second"));
    }

    @AfterEach
    void stop() throws Exception {
        for (Controller controller : controllers) {
            if (controller.process != null) {
                controller.kill();
            }
        }
        if (simulator != null) {
            simulator.close();
        }
        if (server != null) {
            server.close();
        }
    }

    private static List<String> ids() {
        return IntStream.range(0, ACCOUNTS).mapToObj(i -> "a" + i).toList();
    }

    private void listen(Process process) {
        try (BufferedReader lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] words = line.split(" ", 3);
                messages.merge(words[0], 1, Integer::sum);
                switch (words[0]) {
                    case "GRANTED", "HEALED" -> {
                        stuck.remove(words[1]);
                        waiting.remove(words[1]);
                    }
                    case "STUCK" -> stuck.put(words[1], words[2]);
                    case "FAILED", "UNREADABLE" -> {
                        if (words[2].contains("The token is sent once more at")) {
                            waiting.put(words[1], words[2]);
                        }
                        failures.add(words[2].replaceAll("[0-9][0-9T:.-]{3,}Z?", "…"));
                    }
                    default -> errors.add(line);
                }
            }
        } catch (IOException e) {
            // The process was killed.
        }
    }

    @Test
    @Timeout(3600)
    void twoControllers_requestOncePerLifetime() throws Exception {
        simulator.setLifetime(LONG);
        startBoth();
        long start = System.nanoTime();
        int before = simulator.grants();
        Thread.sleep(LONG.multipliedBy(6).toMillis());
        double lifetimes = (System.nanoTime() - start) / (double) LONG.toNanos();
        double perLifetime = (simulator.grants() - before) / lifetimes / ACCOUNTS;
        System.out.printf("Fleet of two controllers: %.3f requests per lifetime, %s%n", perLifetime, messages);
        assertThat(errors).isEmpty();
        assertThat(stuck).isEmpty();
        assertThat(perLifetime).isBetween(0.1, 1.05);
        assertThat(simulator.repeats()).isZero();
        assertThat(simulator.violations()).isEmpty();
        assertThat(secrets().values())
                .hasSize(ACCOUNTS)
                .allSatisfy(data -> assertThat(data).containsEntry("other", "kept"));
        InteropTable.add(
                "kube-apiserver",
                server.version(),
                "%.2f requests per lifetime of two controllers with one Secret".formatted(perLifetime),
                simulator);
    }

    @Test
    @Timeout(7200)
    void controllersAreKilledAndHomesWiped_noTokenIsLostOrSentTwice() throws Exception {
        simulator.setLifetime(SHORT);
        startBoth();
        int kills = 0;
        int wiped = 0;
        int rotations = 0;
        long progress = System.nanoTime();
        while ((simulator.rotations() < ROTATIONS || wiped < WIPES) && errors.isEmpty()) {
            Thread.sleep(random.nextInt(8000));
            Controller controller = controllers.get(random.nextInt(controllers.size()));
            controller.kill();
            kills++;
            if (random.nextInt(3) == 0) {
                FleetController.wipe(controller.home);
                wiped++;
            }
            simulator.retainDelivered(keptAccessTokens());
            Thread.sleep(random.nextInt(2000));
            controller.start();
            authorizeStuck();
            if (simulator.rotations() > rotations) {
                rotations = simulator.rotations();
                progress = System.nanoTime();
            }
            assertThat(System.nanoTime() - progress)
                    .as("nanoseconds without a rotation")
                    .isLessThan(PROGRESS_TIMEOUT.toNanos());
        }
        for (Controller controller : controllers) {
            controller.kill();
        }
        simulator.retainDelivered(keptAccessTokens());
        Set<String> lost = findSilentlyLost();
        System.out.println("Fleet of two controllers: " + simulator.rotations() + " rotations of " + ACCOUNTS
                + " Secrets, " + kills + " kills, " + wiped + " homes wiped, " + messages + ", authorized " + authorized
                + ", of these with the newest token in a home " + revokedButKept + ", waiting " + waiting.keySet()
                + ", lost silently "
                + lost.size() + ", repeated while an access token was valid " + simulator.repeatsWhileAlive());
        failures.forEach(System.out::println);
        assertThat(errors).isEmpty();
        assertThat(lost).isEmpty();
        assertThat(simulator.repeatsWhileAlive()).isZero();
        assertThat(simulator.violations()).isEmpty();
        InteropTable.add(
                "kube-apiserver",
                server.version(),
                simulator.rotations() + " rotations of two controllers, " + kills + " kills, " + wiped + " homes wiped",
                simulator);
    }

    private void startBoth() throws Exception {
        for (Controller controller : controllers) {
            controller.start();
        }
        while (simulator.grants() < ACCOUNTS && errors.isEmpty()) {
            Thread.sleep(50);
        }
    }

    /**
     * Like an administrator, if neither a home nor a Secret has the newest token, or if the server has revoked it
     * because the other controller repeated the request of the killed one after its claim.
     */
    private void authorizeStuck() throws Exception {
        for (String id : stuck.keySet()) {
            boolean isKept = isKept(id);
            if (simulator.isRevoked(id) || !isKept) {
                revokedButKept += isKept ? 1 : 0;
                server.replaceToken("ci", id, simulator.reauthorize(id));
                stuck.remove(id);
                authorized++;
            }
        }
    }

    private boolean isKept(String id) throws Exception {
        String newest = simulator.currentToken(id);
        boolean isKept = secrets().get(id).get(KubernetesSecrets.TOKEN_KEY).equals(newest);
        for (Controller controller : controllers) {
            isKept |= controller.families().stream()
                    .anyMatch(family -> family.tokens().current().equals(newest));
        }
        return isKept;
    }

    /** @return accounts with neither an access token nor a message about the next retry or a justified authorization */
    private Set<String> findSilentlyLost() throws Exception {
        stuck.clear();
        waiting.clear();
        for (Controller controller : controllers) {
            controller.start();
        }
        Map<String, Integer> before = new HashMap<>();
        ids().forEach(id -> before.put(id, simulator.grantsBy(id)));
        long limit = System.nanoTime() + RECOVERY_TIMEOUT.toNanos();
        Set<String> silent = new HashSet<>(ids());
        while (!silent.isEmpty() && System.nanoTime() < limit) {
            Thread.sleep(100);
            silent.removeIf(
                    id -> simulator.grantsBy(id) > before.get(id) || stuck.containsKey(id) || waiting.containsKey(id));
        }
        for (String id : stuck.keySet()) {
            if (!simulator.isRevoked(id) && isKept(id)) {
                silent.add(id);
            }
        }
        return silent;
    }

    /** Access tokens in a home or a Secret. */
    private Set<String> keptAccessTokens() throws Exception {
        Set<String> kept = new HashSet<>();
        for (Controller controller : controllers) {
            kept.addAll(controller.families().stream()
                    .map(TokenFamily::accessToken)
                    .filter(Objects::nonNull)
                    .map(AccessToken::value)
                    .collect(Collectors.toSet()));
        }
        String states = secrets().values().stream()
                .map(data -> data.getOrDefault(KubernetesSecrets.STATE_KEY, ""))
                .collect(Collectors.joining());
        List<String> issued = simulator.accessTokens();
        issued.subList(Math.max(0, issued.size() - 10 * ACCOUNTS), issued.size()).stream()
                .filter(states::contains)
                .forEach(kept::add);
        return kept;
    }

    /** Decoded data by name of the Secret. */
    private Map<String, Map<String, String>> secrets() throws Exception {
        Map<String, Map<String, String>> secrets = new HashMap<>();
        for (JsonNode secret : JSON.readTree(server.kubectl("get", "secrets", "--namespace=ci", "--output=json"))
                .path("items")) {
            Map<String, String> data = new HashMap<>();
            secret.path("data").properties().forEach(entry -> data.put(entry.getKey(), decode(entry.getValue())));
            secrets.put(secret.path("metadata").path("name").asText(), data);
        }
        return secrets;
    }

    private static String decode(JsonNode value) {
        return new String(Base64.getDecoder().decode(value.asText()), StandardCharsets.UTF_8);
    }
}
