package io.jenkins.plugins.vcftoken.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.kubernetes.KubernetesSecrets;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.rotation.TokenResult;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.rotation.VersionedSecret;
import io.jenkins.plugins.vcftoken.simulator.RefreshPhase;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/** Controllers while a real API server is down, rejects an update, or has a replaced Secret. */
class KubernetesOutageTest {

    private static final Duration LIFETIME = Duration.ofSeconds(3);
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private static final String BINDING = """
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata: {name: update, namespace: ci}
            subjects: [{kind: ServiceAccount, name: jenkins}]
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: update}
            """;

    @TempDir
    private static Path directory;

    private static KubernetesApiServer server;
    private static KubernetesSecrets secrets;

    private Simulator simulator;
    private FleetController first;
    private FleetController second;
    private String name;
    private String manifest;
    private String initialToken;
    private VersionedSecret secret;

    @BeforeAll
    static void startServer() throws Exception {
        server = KubernetesApiServer.start(directory);
        server.applyNamespace("ci", List.of("jenkins"), KubernetesApiServer.READ);
        server.apply("""
                apiVersion: rbac.authorization.k8s.io/v1
                kind: Role
                metadata: {name: update, namespace: ci}
                rules: [{apiGroups: [""], resources: [secrets], verbs: [update]}]
                ---
                """ + BINDING);
        secrets = new KubernetesSecrets(server.kubeconfig("ci", "jenkins"));
    }

    @AfterAll
    static void stopServer() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    @BeforeEach
    void start(TestInfo test) throws Exception {
        simulator = Simulator.start();
        simulator.setLifetime(LIFETIME);
        name = "s" + Integer.toUnsignedString(test.getDisplayName().hashCode());
        initialToken = simulator.addAccount("ci", "acme");
        manifest = """
                apiVersion: v1
                kind: Secret
                metadata: {name: %s, namespace: ci}
                stringData: {refreshToken: "%s", other: kept}
                """.formatted(name, initialToken);
        server.apply(manifest);
        secret = secrets.secret(name);
        first = controller("first");
        second = controller("second");
    }

    private FleetController controller(String home) throws Exception {
        return new FleetController(
                Files.createTempDirectory(directory, home), simulator.url(), simulator.authorityPem());
    }

    @AfterEach
    void stop() {
        first.close();
        second.close();
        simulator.close();
    }

    private TokenResult request(FleetController controller) throws Exception {
        return controller.request(name, initialToken, secret, accessToken -> true);
    }

    /** Both controllers claim the token, so that each knows that the account is shared. */
    private void shareAccount() throws Exception {
        request(first);
        Thread.sleep(LIFETIME.toMillis());
        request(second);
        Thread.sleep(LIFETIME.toMillis());
        request(first);
    }

    private void assertNothingIsSent(FleetController controller, String cause) throws Exception {
        int before = simulator.requests();
        assertThatThrownBy(() -> request(controller))
                .isInstanceOf(TokenUnavailableException.class)
                .hasMessageContaining("nothing was sent")
                .hasMessageContaining(cause);
        assertThat(simulator.requests()).isEqualTo(before);
    }

    private void assertBothRecover() throws Exception {
        await(() -> request(first).error() == null);
        await(() -> request(second).error() == null);
        assertSecretIsCurrent();
        assertThat(simulator.repeats()).isZero();
        assertThat(simulator.violations()).isEmpty();
    }

    private void assertSecretIsCurrent() throws Exception {
        await(() -> {
            request(first);
            return secret.read().secret().equals(simulator.currentToken("ci"));
        });
    }

    /** Treats exceptions as false until the timeout. */
    private static void await(Callable<Boolean> condition) throws Exception {
        long limit = System.nanoTime() + LIMIT.toNanos();
        while (true) {
            try {
                if (condition.call()) {
                    return;
                }
                assertThat(System.nanoTime()).as("time").isLessThan(limit);
            } catch (TokenUnavailableException | IOException e) {
                if (System.nanoTime() > limit) {
                    throw e;
                }
            }
            Thread.sleep(100);
        }
    }

    /** Until the new token is published, other controllers would repeat the former one after the end of the claim. */
    @Test
    void apiServerDown_whenTokenIsIssued_tokenIsPublishedLater() throws Exception {
        shareAccount();
        Thread.sleep(LIFETIME.toMillis());
        CompletableFuture<Void> killed = new CompletableFuture<>();
        simulator.setPhaseListener(phase -> {
            if (phase == RefreshPhase.RECEIVED && !killed.isDone()) {
                server.kill();
                killed.complete(null);
            }
        });
        try {
            TokenResult result = request(first);
            assertThat(killed).isCompleted();
            assertThat(result.error()).isNull();
            assertThat(simulator.admits(result.accessToken().value())).isTrue();
        } finally {
            server.restart();
        }
        await(() -> secret.read().secret().equals(simulator.currentToken("ci")));
        assertBothRecover();
    }

    @Test
    void apiServerDown_sharedAccount_usesCachedAccessTokenThenSendsNothing() throws Exception {
        shareAccount();
        server.kill();
        try {
            AccessToken cached = request(first).accessToken();
            TokenResult forced = first.request(name, initialToken, secret, accessToken -> false);
            assertThat(forced.accessToken()).isEqualTo(cached);
            assertThat(forced.error()).hasMessageContaining("could not be claimed");
            Thread.sleep(LIFETIME.toMillis());
            assertNothingIsSent(first, "could not be claimed");
            assertNothingIsSent(second, "could not be claimed");
        } finally {
            server.restart();
        }
        assertBothRecover();
    }

    @Test
    void updateForbidden_sharedAccount_sendsNothingUntilItIsAllowed() throws Exception {
        shareAccount();
        server.kubectl("delete", "rolebinding", "update", "--namespace=ci");
        try {
            Thread.sleep(LIFETIME.toMillis());
            await(() -> !isUpdateAllowed());
            assertNothingIsSent(first, "Allow this controller to update it");
        } finally {
            server.apply(BINDING);
        }
        assertBothRecover();
    }

    private static boolean isUpdateAllowed() throws Exception {
        return server.kubectlAs(
                                server.kubeconfig("ci", "jenkins"),
                                "auth",
                                "can-i",
                                "update",
                                "secrets",
                                "--namespace=ci")
                        .code()
                == 0;
    }

    @Test
    void secretDeleted_andCreatedAgainFromItsManifest_getsTheNewestToken() throws Exception {
        shareAccount();
        server.kubectl("delete", "secret", name, "--namespace=ci");
        Thread.sleep(LIFETIME.toMillis());
        assertNothingIsSent(first, "could not be claimed");
        server.apply(manifest);
        assertThat(secret.read().secret()).isEqualTo(initialToken);
        assertBothRecover();
    }

    @Test
    void manifestAppliedAgain_getsTheNewestToken() throws Exception {
        shareAccount();
        server.apply(manifest);
        server.replaceToken("ci", name, initialToken);
        assertThat(secret.read().secret()).isEqualTo(initialToken);
        Thread.sleep(LIFETIME.toMillis());
        assertBothRecover();
    }

    @Test
    void concurrentChangesToSecret_areKept() throws Exception {
        AtomicBoolean done = new AtomicBoolean();
        CompletableFuture<Void> others = CompletableFuture.runAsync(() -> {
            for (int i = 0; !done.get(); i++) {
                try {
                    server.kubectl("annotate", "--overwrite", "secret", name, "--namespace=ci", "round=" + i);
                } catch (IOException | InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
        });
        try {
            long end = System.nanoTime() + LIFETIME.multipliedBy(6).toNanos();
            while (System.nanoTime() < end) {
                await(() -> request(first).error() == null);
                await(() -> request(second).error() == null);
            }
        } finally {
            done.set(true);
            others.get();
        }
        assertBothRecover();
        assertThat(simulator.rotations()).isGreaterThanOrEqualTo(5);
        assertThat(server.kubectl("get", "secret", name, "--namespace=ci", "--output=jsonpath={.data.other}"))
                .isEqualTo("a2VwdA==");
        assertThat(server.kubectl(
                        "get", "secret", name, "--namespace=ci", "--output=jsonpath={.metadata.annotations.round}"))
                .isNotEmpty();
    }
}
