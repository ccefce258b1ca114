package io.jenkins.plugins.vcftoken.demo;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.lease.Lease;
import io.jenkins.plugins.vcftoken.lease.LeaseManager;
import io.jenkins.plugins.vcftoken.lease.LeaseOwnerCallback;
import io.jenkins.plugins.vcftoken.lease.RenewalPolicy;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.AtMostOnceHttpClient;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.VcfaTenantTokenExchangeClient;
import io.jenkins.plugins.vcftoken.oauth.VcfaTokenClient;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.CredentialWriter;
import io.jenkins.plugins.vcftoken.rotation.TokenEventListener;
import io.jenkins.plugins.vcftoken.rotation.VersionedSecret;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.function.Predicate;

/** Minimal Jenkins controller for the plugin's core: a home directory with stored credentials. */
final class DemoController implements AutoCloseable {

    private static final Duration MINIMUM_VALIDITY = Duration.ofMinutes(10);

    private final Path store;
    private final Simulator simulator;
    private final Map<String, Function<AtMostOnceHttpClient, TokenClient>> clientFactories;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private final TestTokenService core;
    private final LeaseManager leases;

    /** Null if the credentials are in the controller's own store. */
    private VersionedSecret shared;

    /**
     * @param home can be the home of a closed controller, to simulate a restart
     * @param callTimeout timeout of a token request; a request with a lost response is repeated after twice this time
     * @param clientFactories factories of the clients, by credentials ID
     */
    DemoController(
            Path home,
            Simulator simulator,
            Duration callTimeout,
            Map<String, Function<AtMostOnceHttpClient, TokenClient>> clientFactories)
            throws IOException {
        this.store = Files.createDirectories(home.resolve("credentials"));
        this.simulator = simulator;
        this.clientFactories = clientFactories;
        this.core = new TestTokenService(
                home.resolve("vcf-token"),
                simulator,
                InstantSource.system(),
                TokenEventListener.NONE,
                TestTokenService.client(simulator, InstantSource.system(), callTimeout),
                callTimeout.multipliedBy(2));
        this.leases = new LeaseManager(
                core.families,
                timer,
                InstantSource.system(),
                new RenewalPolicy(() -> ThreadLocalRandom.current().nextDouble()));
    }

    /** Uses a secret that is shared with other controllers for all credentials. */
    void share(VersionedSecret secret) {
        shared = secret;
    }

    synchronized void store(String id, String secret) throws IOException {
        Files.writeString(store.resolve(id), TestTokenService.CIPHER.seal(secret));
    }

    synchronized String stored(String id) throws IOException {
        return TestTokenService.CIPHER.open(Files.readString(store.resolve(id)));
    }

    /** @param organization organization of the access token; empty for the one of the credential */
    Lease open(String id, String organization, LeaseOwnerCallback owner) throws Exception {
        Function<AtMostOnceHttpClient, TokenClient> clientFactory = clientFactories.get(id);
        if (clientFactory == null) {
            throw new IllegalArgumentException("no credential ‘" + id + "’ here, only " + clientFactories.keySet());
        }
        CredentialWriter writer = new CredentialWriter() {
            @Override
            public void writeBack(Predicate<String> sameFamily, String current, boolean again) throws IOException {
                synchronized (DemoController.this) {
                    if (sameFamily.test(DemoController.this.stored(id))) {
                        store(id, current);
                    }
                }
            }

            @Override
            public VersionedSecret versionedSecret() {
                return shared;
            }
        };
        TokenClient service = TestTokenService.withRetries(clientFactory.apply(core.client()));
        Account other = new Account(VcfaTokenClient.SYSTEM, simulator.url(), organization);
        CredentialHandle handle = new CredentialHandle(
                id,
                new CredentialLocation("system", id),
                stored(id),
                service,
                writer);
        return leases.open(
                organization.isEmpty() ? handle : handle.derive(() -> new VcfaTenantTokenExchangeClient(core.client(), other)),
                MINIMUM_VALIDITY,
                owner);
    }

    @Override
    public void close() throws Exception {
        timer.shutdownNow();
        core.finishRequests();
        core.awaitWriteBacks();
        core.close();
    }
}
