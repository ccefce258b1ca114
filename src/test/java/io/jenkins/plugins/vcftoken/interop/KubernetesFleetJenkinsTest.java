package io.jenkins.plugins.vcftoken.interop;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudbees.plugins.credentials.CredentialsMatchers;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import hudson.security.ACL;
import io.jenkins.plugins.vcftoken.JenkinsProcess;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.credentials.VcfaServiceAccount;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.RealJenkinsExtension;

/**
 * Two Jenkins processes with separate homes that share accounts in Secrets of a real API server, by the Kubernetes
 * Credentials Provider plugin. {@code -Dfleet.secrets}, {@code -Dfleet.jenkinsRotations}, {@code
 * -Dfleet.jenkinsWipes} and {@code -Dfleet.takeovers} set the length.
 */
class KubernetesFleetJenkinsTest {

    private static final int SECRETS = Integer.getInteger("fleet.secrets", 3);
    private static final int ROTATIONS = Integer.getInteger("fleet.jenkinsRotations", 30);
    private static final int WIPES = Integer.getInteger("fleet.jenkinsWipes", 1);
    private static final int TAKEOVERS = Integer.getInteger("fleet.takeovers", 2);

    /** Shorter than a claim: the access token of a killed controller expires before others repeat its request. */
    private static final Duration LIFETIME = Duration.ofSeconds(3);

    /** A call without a lease requests an access token when less than half of the lifetime is left. */
    private static final Duration RENEWED_AFTER = LIFETIME.dividedBy(2);

    /** Longer than a claim, which lasts twice the call timeout, plus the start of Jenkins. */
    private static final Duration RECOVERY_TIMEOUT = Duration.ofSeconds(60);

    @TempDir
    private static Path directory;

    @RegisterExtension
    private final RealJenkinsExtension first = controller();

    @RegisterExtension
    private final RealJenkinsExtension second = controller();

    private final Random random = new Random(Long.getLong("fleet.seed", System.nanoTime()));
    private KubernetesApiServer server;
    private Simulator simulator;
    private final Set<String> outdated = new TreeSet<>();
    private int authorized;

    private static RealJenkinsExtension controller() {
        return JenkinsProcess.withKubernetes()
                .withTimeout(0)
                .javaOptions(
                        "-D" + VcfTokenService.class.getName() + ".callTimeoutSeconds=5", "-Dfleet.secrets=" + SECRETS);
    }

    @BeforeEach
    void start() throws Exception {
        server = KubernetesApiServer.start(Files.createTempDirectory(directory, "kubernetes"));
        simulator = Simulator.start();
        simulator.setLifetime(LIFETIME);
        server.applyNamespace(
                "ci", List.of("jenkins"), KubernetesApiServer.READ, KubernetesApiServer.updateRule(ids()));
        for (String id : ids()) {
            server.applyServiceAccount("ci", id, simulator);
        }
        String kubeconfig = server.kubeconfig("ci", "jenkins").toString();
        for (RealJenkinsExtension controller : List.of(first, second)) {
            controller.extraEnv("KUBECONFIG", kubeconfig).extraEnv("KUBERNETES_REQUEST_RETRY_BACKOFFLIMIT", "10");
        }
    }

    @AfterEach
    void stop() throws Exception {
        first.stopJenkinsForcibly();
        second.stopJenkinsForcibly();
        if (simulator != null) {
            simulator.close();
        }
        if (server != null) {
            server.close();
        }
    }

    private static List<String> ids() {
        return IntStream.range(0, SECRETS).mapToObj(i -> "ci" + i).toList();
    }

    @Test
    void controllersAreKilledAndHomesWiped_noTokenIsLostOrSentTwice() throws Throwable {
        List<RealJenkinsExtension> controllers = List.of(first, second);
        for (RealJenkinsExtension controller : controllers) {
            controller.startJenkins();
            controller.runRemotely(KubernetesFleetJenkinsTest::requestForever);
        }
        int before = simulator.grants();
        Instant start = Instant.now();
        Thread.sleep(LIFETIME.multipliedBy(10).toMillis());
        double perRenewal = (simulator.grants() - before)
                * (double) RENEWED_AFTER.toMillis()
                / Duration.between(start, Instant.now()).toMillis()
                / SECRETS;
        int kills = 0;
        int wiped = 0;
        while (simulator.rotations() < ROTATIONS || wiped < WIPES) {
            Thread.sleep(random.nextInt((int) LIFETIME.multipliedBy(4).toMillis()));
            RealJenkinsExtension controller = controllers.get(random.nextInt(2));
            controller.stopJenkinsForcibly();
            outdated.addAll(outdatedSecrets());
            kills++;
            if (kills % 2 == 0) {
                FleetController.wipe(controller.getHome().toPath(), "plugins", "war");
                wiped++;
            }
            controller.startJenkins();
            controller.runRemotely(KubernetesFleetJenkinsTest::requestForever);
            authorizeRevoked();
        }
        String[] outcomes = requestAll();
        if (authorizeRevoked() > 0) {
            // The other controller sends the token of a killed one only when the claim has ended.
            outcomes = requestAll();
        }
        System.out.println("Fleet of two Jenkins: " + simulator.rotations() + " rotations of " + SECRETS + " Secrets, "
                + Duration.between(start, Instant.now()).toMillis() / LIFETIME.toMillis() + " lifetimes, " + kills
                + " kills, " + wiped + " homes wiped, authorized " + authorized
                + ", requests for each half of a lifetime with both up " + perRenewal
                + ", repeated while an access token was valid " + simulator.repeatsWhileAlive() + ", at last "
                + String.join(" and ", outcomes));
        assertThat(simulator.repeatsWhileAlive()).isZero();
        assertThat(simulator.violations()).isEmpty();
        assertThat(outcomes).allMatch(KubernetesFleetJenkinsTest::isWorkingOrWaiting);
        assertThat(perRenewal).isBetween(0.1, 1.05);
        InteropTable.add(
                "kube-apiserver",
                server.version(),
                simulator.rotations() + " rotations of two Jenkins, " + kills + " kills, " + wiped + " homes wiped",
                simulator);
    }

    /**
     * @param outcome the errors of {@link #requestAll}; a retry may be pending after a kill between request and
     *     response
     */
    private static boolean isWorkingOrWaiting(String outcome) {
        return outcome.isEmpty()
                || Arrays.stream(outcome.split("\n")).allMatch(line -> line.contains("The token is sent once more at"));
    }

    /** The former controller was killed, and its home is lost. */
    @Test
    void controllerWithAnEmptyHome_takesOverFromTheSecret() throws Throwable {
        int taken = 0;
        for (int i = 0; i < TAKEOVERS; i++) {
            first.startJenkins();
            String outcome = first.runRemotely(KubernetesFleetJenkinsTest::requestAll);
            assertThat(outcome).as("take-over %d of %d", i + 1, TAKEOVERS).isEmpty();
            taken++;
            first.runRemotely(KubernetesFleetJenkinsTest::requestForever);
            Thread.sleep(LIFETIME.toMillis() + random.nextInt((int) LIFETIME.toMillis()));
            first.stopJenkinsForcibly();
            FleetController.wipe(first.getHome().toPath(), "plugins", "war");
            authorizeLost();
        }
        System.out.println("Fleet of Jenkins: " + taken + " of " + TAKEOVERS + " take-overs, " + simulator.grants()
                + " lifetimes, authorized " + authorized + ", repeated while an access token was valid "
                + simulator.repeatsWhileAlive());
        assertThat(simulator.repeatsWhileAlive()).isZero();
    }

    private String[] requestAll() throws Throwable {
        return new String[] {
            first.runRemotely(KubernetesFleetJenkinsTest::requestAll),
            second.runRemotely(KubernetesFleetJenkinsTest::requestAll)
        };
    }

    /**
     * Like an administrator, after the controller was killed between the request and the update of the Secret.
     *
     * @return number of authorized accounts
     */
    private int authorizeRevoked() throws Exception {
        int count = 0;
        for (String id : ids()) {
            if (simulator.isRevoked(id)) {
                assertThat(outdated).as("accounts with a token lost by a kill").contains(id);
                outdated.remove(id);
                authorize(id);
                count++;
            }
        }
        return count;
    }

    /** Like an administrator, after the newest token was only in the wiped home. */
    private void authorizeLost() throws Exception {
        for (String id : outdatedSecrets()) {
            authorize(id);
        }
    }

    /** @return the accounts whose Secret does not contain the newest token of the server */
    private Set<String> outdatedSecrets() throws Exception {
        String secrets = server.kubectl(
                "get",
                "secrets",
                "--namespace=ci",
                "--output=jsonpath={range .items[*]}{.metadata.name} {.data.refreshToken}{'\\n'}{end}");
        Map<String, String> stored = secrets.lines()
                .map(line -> line.split(" "))
                .filter(parts -> parts.length == 2)
                .collect(Collectors.toMap(parts -> parts[0], parts -> parts[1]));
        assertThat(stored).containsOnlyKeys(ids());
        return stored.keySet().stream()
                .filter(id -> !decode(stored.get(id)).equals(simulator.currentToken(id)))
                .collect(Collectors.toSet());
    }

    private static String decode(String base64) {
        return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    }

    private void authorize(String id) throws Exception {
        server.replaceToken("ci", id, simulator.reauthorize(id));
        authorized++;
    }

    private static void requestForever(JenkinsRule rule) {
        for (String id : ids()) {
            Thread user = new Thread(() -> {
                while (true) {
                    try {
                        VcfTokenService.get().issueWithoutLease(credential(id));
                    } catch (TokenUnavailableException | InterruptedException | RuntimeException e) {
                        System.out.println("Fleet: " + e);
                    }
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
                }
            });
            user.setDaemon(true);
            user.start();
        }
    }

    /** @return the errors of accounts without an access token after {@link #RECOVERY_TIMEOUT}, one per line */
    private static String requestAll(JenkinsRule rule) throws Exception {
        Instant end = Instant.now().plus(RECOVERY_TIMEOUT);
        Map<String, String> failures = new TreeMap<>();
        ids().forEach(id -> failures.put(id, "not tried"));
        while (!failures.isEmpty() && Instant.now().isBefore(end)) {
            for (String id : List.copyOf(failures.keySet())) {
                try {
                    VcfTokenService.get().issueWithoutLease(credential(id));
                    failures.remove(id);
                } catch (TokenUnavailableException | RuntimeException e) {
                    failures.put(id, e.toString().replace('\n', ' '));
                }
            }
            Thread.sleep(100);
        }
        return String.join("\n", failures.values());
    }

    private static VcfaServiceAccount credential(String id) {
        return CredentialsMatchers.firstOrNull(
                CredentialsProvider.lookupCredentialsInItemGroup(
                        VcfaServiceAccount.class, null, ACL.SYSTEM2, List.of()),
                CredentialsMatchers.withId(id));
    }
}
