package io.jenkins.plugins.vcftoken.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.kubernetes.KubernetesSecretServer;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialWriter;
import io.jenkins.plugins.vcftoken.rotation.VersionedSecret;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Cost of a refresh token in a Kubernetes Secret that several controllers share. */
class SharedSecretBench {

    private static final Report REPORT = new Report("shared");
    private static final String ID = "sa";

    @TempDir
    private Path directory;

    private Simulator simulator;
    private KubernetesSecretServer kubernetes;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start();
        kubernetes = new KubernetesSecretServer();
    }

    @AfterEach
    void stop() {
        assertThat(simulator.reuses()).isZero();
        assertThat(simulator.violations()).isEmpty();
        kubernetes.close();
        simulator.close();
    }

    @Test
    void claimAndPublish() throws Exception {
        kubernetes.create(ID, "vcfaServiceAccount", Map.of("refreshToken", simulator.addAccount(ID, "acme")));
        try (TestTokenService sharing = controller("sharing");
                TestTokenService alone = controller("alone")) {
            CredentialHandle shared = shared(sharing);
            CredentialHandle local = alone.newAccount("local", "acme");
            List<Double> roundTrips = new ArrayList<>();
            List<Samples> times = Samples.interleave(
                    3,
                    Report.isQuick() ? 9 : 31,
                    () -> rotate(sharing, shared, roundTrips),
                    () -> rotate(alone, local, new ArrayList<>()));
            Samples requests = new Samples(roundTrips.subList(3, roundTrips.size()));
            Row row = new Row(
                    "round trips to claim and publish a token in a Secret, until the access token is available",
                    1,
                    "Secret",
                    "round trips",
                    requests);
            REPORT.add(row.withTarget("≤ 2", requests.median() <= 2));
            REPORT.add(new Row("rotation of a token in a Secret, API server without latency", 1, "Secret", "ms", times.get(0))
                    .comparedTo("without a Secret", times.get(1)));
        }
    }

    /** @param roundTrips receives the number of requests to the API server */
    private double rotate(TestTokenService controller, CredentialHandle handle, List<Double> roundTrips)
            throws Exception {
        Predicate<AccessToken> isNew = isNew(controller, handle);
        // Excludes the write-back of the previous call, which used a handle with a former token.
        controller.awaitWriteBacks();
        int before = kubernetes.requests();
        long start = System.nanoTime();
        controller.families.await(handle, isNew);
        double took = OkHttpBaseline.millisSince(start);
        roundTrips.add((double) kubernetes.requests() - before);
        controller.awaitWriteBacks();
        return took;
    }

    /** Accepts only a new access token, like a renewal at the end of the lifetime. */
    private static Predicate<AccessToken> isNew(TestTokenService controller, CredentialHandle handle) throws Exception {
        AccessToken last = controller.families.await(handle, any -> true).accessToken();
        return accessToken -> !accessToken.value().equals(last.value());
    }

    @Test
    void requestsPerLifetime() throws Exception {
        kubernetes.create(ID, "vcfaServiceAccount", Map.of("refreshToken", simulator.addAccount(ID, "acme")));
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try (TestTokenService first = controller("first");
                TestTokenService second = controller("second")) {
            List<Double> requests = new ArrayList<>();
            for (int round = 0; round < (Report.isQuick() ? 5 : 20); round++) {
                Predicate<AccessToken> isNew = isNew(first, shared(first));
                int before = simulator.requests();
                CyclicBarrier together = new CyclicBarrier(2);
                List<Future<?>> waiting = new ArrayList<>();
                for (TestTokenService controller : List.of(first, second)) {
                    CredentialHandle handle = shared(controller);
                    waiting.add(threads.submit(() -> {
                        together.await();
                        return controller.families.await(handle, isNew);
                    }));
                }
                for (Future<?> one : waiting) {
                    one.get();
                }
                requests.add((double) simulator.requests() - before);
            }
            Samples each = new Samples(requests);
            double mean =
                    requests.stream().mapToDouble(Double::doubleValue).average().orElse(0);
            REPORT.add(new Row("token requests per lifetime", 2, "controllers with one Secret", "requests", each)
                    .withTarget("≤ 1.05 (mean " + Row.number(mean) + ')', mean <= 1.05));
        } finally {
            threads.shutdownNow();
        }
    }

    private TestTokenService controller(String name) throws Exception {
        return new TestTokenService(directory.resolve(name), simulator, InstantSource.system());
    }

    private CredentialHandle shared(TestTokenService controller) throws Exception {
        VersionedSecret secret = kubernetes.secret(ID);
        return controller.handle(ID, "acme", secret.read().secret(), new CredentialWriter() {
            @Override
            public void writeBack(Predicate<String> sameFamily, String current, boolean again) {
                throw new UnsupportedOperationException("the token belongs into the Secret");
            }

            @Override
            public VersionedSecret versionedSecret() {
                return secret;
            }
        });
    }
}
