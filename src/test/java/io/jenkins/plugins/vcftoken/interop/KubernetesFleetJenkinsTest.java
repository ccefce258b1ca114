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
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.RealJenkinsExtension;

/**
 * Two Jenkins controllers, each a process with a home of its own, that have their accounts from Secrets of a real API server by
 * the Kubernetes Credentials Provider plugin. {@code -Dfleet.secrets}, {@code -Dfleet.jenkinsRotations}, {@code
 * -Dfleet.jenkinsWipes} and {@code -Dfleet.takeovers} make it longer.
 */
class KubernetesFleetJenkinsTest {

    private static final int SECRETS = Integer.getInteger("fleet.secrets", 3);
    private static final int ROTATIONS = Integer.getInteger("fleet.jenkinsRotations", 30);
    private static final int WIPES = Integer.getInteger("fleet.jenkinsWipes", 1);
    private static final int TAKEOVERS = Integer.getInteger("fleet.takeovers", 2);

    /** Shorter than a claim stands, so that nothing can be lost by the token of a controller that was killed. */
    private static final Duration LIFETIME = Duration.ofSeconds(3);

    /** A call without a lease requests an access token when less than half of the lifetime is left. */
    private static final Duration RENEWED_AFTER = LIFETIME.dividedBy(2);

    /** A claim stands for twice the time of the longest call, and a start of Jenkins takes its time as well. */
    private static final Duration SETTLED = Duration.ofSeconds(60);

    @TempDir
    private static Path directory;

    @RegisterExtension
    private final RealJenkinsExtension first = controller();

    @RegisterExtension
    private final RealJenkinsExtension second = controller();

    private final Random random = new Random(Long.getLong("fleet.seed", System.nanoTime()));
    private KubernetesApiServer server;
    private Simulator simulator;
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
        server.applyNamespace("ci", List.of("jenkins"), KubernetesApiServer.READ, KubernetesApiServer.updateOf(ids()));
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
            controller.runRemotely(KubernetesFleetJenkinsTest::useForever);
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
            kills++;
            if (kills % 2 == 0) {
                wipe(controller.getHome());
                wiped++;
            }
            controller.startJenkins();
            controller.runRemotely(KubernetesFleetJenkinsTest::useForever);
            authorizeRevoked();
        }
        String[] last = {
            first.runRemotely(KubernetesFleetJenkinsTest::use), second.runRemotely(KubernetesFleetJenkinsTest::use)
        };
        System.out.println("Fleet of two Jenkins: " + simulator.rotations() + " rotations of " + SECRETS + " Secrets, "
                + Duration.between(start, Instant.now()).toMillis() / LIFETIME.toMillis() + " lifetimes, " + kills
                + " kills, " + wiped + " homes wiped, authorized " + authorized
                + ", requests for each half of a lifetime with both up " + perRenewal
                + ", sent twice while anything could be lost by it " + simulator.repeatsWhileAlive() + ", at last "
                + String.join(" and ", last));
        assertThat(simulator.repeatsWhileAlive()).isZero();
        assertThat(simulator.violations()).isEmpty();
        assertThat(last).allMatch(KubernetesFleetJenkinsTest::isWorkingOrTold);
        assertThat(perRenewal).isBetween(0.1, 1.05);
        InteropTable.add(
                "kube-apiserver",
                server.version(),
                simulator.rotations() + " rotations of two Jenkins, " + kills + " kills, " + wiped + " homes wiped",
                simulator);
    }

    /** Whether each account works, or says when its token is sent once more, as after a kill between request and response. */
    private static boolean isWorkingOrTold(String outcome) {
        return outcome.isEmpty()
                || Arrays.stream(outcome.split("\n")).allMatch(line -> line.contains("The token is sent once more at"));
    }

    /** The controller before it is dead, and its home with it. */
    @Test
    void controllerWithAnEmptyHome_takesOverFromTheSecret() throws Throwable {
        int taken = 0;
        for (int i = 0; i < TAKEOVERS; i++) {
            first.startJenkins();
            String outcome = first.runRemotely(KubernetesFleetJenkinsTest::use);
            assertThat(outcome).as("take-over %d of %d", i + 1, TAKEOVERS).isEmpty();
            taken++;
            first.runRemotely(KubernetesFleetJenkinsTest::useForever);
            Thread.sleep(LIFETIME.toMillis() + random.nextInt((int) LIFETIME.toMillis()));
            first.stopJenkinsForcibly();
            wipe(first.getHome());
            authorizeLost();
        }
        System.out.println("Fleet of Jenkins: " + taken + " of " + TAKEOVERS + " take-overs, " + simulator.grants()
                + " lifetimes, authorized in between " + authorized + ", sent twice while anything could be lost by it "
                + simulator.repeatsWhileAlive());
        assertThat(simulator.repeatsWhileAlive()).isZero();
    }

    private void wipe(File home) throws Exception {
        Set<String> installed = Set.of("plugins", "war");
        try (Stream<Path> files = Files.walk(home.toPath())) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Path inHome = home.toPath().relativize(file);
                if (!inHome.toString().isEmpty()
                        && !installed.contains(inHome.getName(0).toString())) {
                    Files.delete(file);
                }
            }
        }
    }

    /** As a person does it, when the controller was killed between the response and its place in the Secret. */
    private void authorizeRevoked() throws Exception {
        for (String id : ids()) {
            if (simulator.isRevoked(id)) {
                authorize(id);
            }
        }
    }

    /** As a person does it, when the next token was in the home that was wiped, and not yet in the Secret. */
    private void authorizeLost() throws Exception {
        for (String id : ids()) {
            String stored =
                    server.kubectl("get", "secret", id, "--namespace=ci", "--output=jsonpath={.data.refreshToken}");
            String token = new String(Base64.getDecoder().decode(stored), StandardCharsets.UTF_8);
            if (!token.equals(simulator.currentToken(id))) {
                authorize(id);
            }
        }
    }

    private void authorize(String id) throws Exception {
        String token = simulator.reauthorize(id);
        String patch = "{\"stringData\":{\"refreshToken\":\"" + token + "\"}}";
        server.kubectl("patch", "secret/" + id, "--namespace=ci", "--patch=" + patch);
        authorized++;
    }

    private static void useForever(JenkinsRule rule) {
        for (String id : ids()) {
            Thread user = new Thread(() -> {
                while (true) {
                    try {
                        VcfTokenService.get().once(credential(id));
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

    /** @return empty when there is an access token for each account in the end, else the reasons why there is none */
    private static String use(JenkinsRule rule) throws Exception {
        Instant end = Instant.now().plus(SETTLED);
        Map<String, String> failures = new TreeMap<>();
        ids().forEach(id -> failures.put(id, "not tried"));
        while (!failures.isEmpty() && Instant.now().isBefore(end)) {
            for (String id : List.copyOf(failures.keySet())) {
                try {
                    VcfTokenService.get().once(credential(id));
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
