package io.jenkins.plugins.vcftoken.demo;

import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.exchange.TokenClient;
import io.jenkins.plugins.vcftoken.exchange.TokenService;
import io.jenkins.plugins.vcftoken.exchange.VcfaOrganizationToken;
import io.jenkins.plugins.vcftoken.exchange.VcfaRefresh;
import io.jenkins.plugins.vcftoken.family.Holder;
import io.jenkins.plugins.vcftoken.family.Place;
import io.jenkins.plugins.vcftoken.family.TokenKeeper;
import io.jenkins.plugins.vcftoken.lease.Lease;
import io.jenkins.plugins.vcftoken.lease.Leases;
import io.jenkins.plugins.vcftoken.lease.Renewal;
import io.jenkins.plugins.vcftoken.lease.Tenant;
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

/** As much of a Jenkins controller as the plugin's core asks for: a home directory with stored credentials. */
final class Controller implements AutoCloseable {

    private static final Duration MINIMUM_VALIDITY = Duration.ofMinutes(10);

    private final Path store;
    private final Simulator simulator;
    private final Map<String, Function<TokenClient, TokenService>> kinds;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private final Core core;
    private final Leases leases;

    /**
     * Starts where the last controller with this home left off.
     *
     * @param kinds by the credentials' IDs, what exchanges their secrets
     */
    Controller(Path home, Simulator simulator, Map<String, Function<TokenClient, TokenService>> kinds)
            throws IOException {
        this.store = Files.createDirectories(home.resolve("credentials"));
        this.simulator = simulator;
        this.kinds = kinds;
        this.core = new Core(home.resolve("vcf-token"), simulator, InstantSource.system());
        this.leases = new Leases(
                core.families,
                timer,
                InstantSource.system(),
                new Renewal(() -> ThreadLocalRandom.current().nextDouble()));
    }

    /** What a person does in the form of the credential. */
    synchronized void store(String id, String secret) throws IOException {
        Files.writeString(store.resolve(id), Core.CIPHER.seal(secret));
    }

    synchronized String stored(String id) throws IOException {
        return Core.CIPHER.open(Files.readString(store.resolve(id)));
    }

    /** @param organization whose bearer is wanted; empty for the credential's own */
    Lease open(String id, String organization, Tenant tenant) throws Exception {
        Function<TokenClient, TokenService> kind = kinds.get(id);
        if (kind == null) {
            throw new IllegalArgumentException("no credential '" + id + "' here, only " + kinds.keySet());
        }
        TokenKeeper keeper = (sameFamily, current, again) -> {
            synchronized (this) {
                if (sameFamily.test(stored(id))) {
                    store(id, current);
                }
            }
        };
        TokenService service = core.patient(kind.apply(core.client()));
        Endpoint other = new Endpoint(VcfaRefresh.SYSTEM, simulator.url(), organization);
        Holder holder = new Holder(
                id,
                new Place("system", id),
                stored(id),
                service,
                keeper,
                organization.isEmpty() ? null : bearer -> new VcfaOrganizationToken(core.client(), other, bearer));
        return leases.open(holder, MINIMUM_VALIDITY, tenant);
    }

    @Override
    public void close() throws Exception {
        core.awaitWriteBacks();
        timer.shutdownNow();
        core.close();
    }
}
