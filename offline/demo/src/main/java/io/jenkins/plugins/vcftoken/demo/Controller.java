package io.jenkins.plugins.vcftoken.demo;

import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.family.Holder;
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
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;

/** As much of a Jenkins controller as the plugin's core asks for: a home directory with one stored credential. */
final class Controller implements AutoCloseable {

    private static final Duration MINIMUM_VALIDITY = Duration.ofMinutes(10);

    private final Path store;
    private final String credentialsId;
    private final String organization;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private final Core core;
    private final Leases leases;

    /** Starts where the last controller with this home left off. */
    Controller(Path home, Simulator simulator, String credentialsId, String organization) throws IOException {
        this.store = Files.createDirectories(home).resolve("credentials");
        this.credentialsId = credentialsId;
        this.organization = organization;
        this.core = new Core(home.resolve("vcf-token"), simulator, InstantSource.system());
        this.leases = new Leases(
                core.families,
                timer,
                InstantSource.system(),
                new Renewal(() -> ThreadLocalRandom.current().nextDouble()));
    }

    /** What a person does in the form of the credential. */
    synchronized void store(String token) throws IOException {
        Files.writeString(store, Core.CIPHER.seal(token));
    }

    synchronized String storedToken() throws IOException {
        return Core.CIPHER.open(Files.readString(store));
    }

    Lease open(String id, Tenant tenant) throws Exception {
        if (!id.equals(credentialsId)) {
            throw new IllegalArgumentException("no credential '" + id + "' here, only '" + credentialsId + "'");
        }
        Holder holder = core.holder(credentialsId, organization, storedToken(), this::keep);
        return leases.open(holder, MINIMUM_VALIDITY, tenant);
    }

    private synchronized void keep(Predicate<String> sameFamily, String current, boolean again) throws IOException {
        if (sameFamily.test(storedToken())) {
            store(current);
        }
    }

    @Override
    public void close() throws Exception {
        core.awaitWriteBacks();
        timer.shutdownNow();
        core.close();
    }
}
