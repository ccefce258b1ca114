package io.jenkins.plugins.vcftoken.bench;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.lease.Lease;
import io.jenkins.plugins.vcftoken.lease.LeaseManager;
import io.jenkins.plugins.vcftoken.lease.RenewalPolicy;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Opening and closing a lease with a cached access token. JMH is a dependency of the Jenkins test harness. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class WarmLeaseJmh {

    /** Number of token families in the ledger. */
    @Param({"100", "1000", "10000"})
    public int families;

    private ScheduledExecutorService timer;
    private Simulator simulator;
    private TestTokenService core;
    private LeaseManager leases;
    private CredentialHandle handle;
    private Lease other;
    private Path directory;

    @Setup(Level.Trial)
    public void start() throws Exception {
        directory = Files.createTempDirectory("ledger");
        CoreBench.fill(directory, families);
        timer = Executors.newScheduledThreadPool(1);
        simulator = Simulator.start();
        core = new TestTokenService(directory, simulator, InstantSource.system());
        leases = new LeaseManager(core.families, timer, InstantSource.system(), new RenewalPolicy(Math::random));
        handle = core.handle("sa", core.service("acme"), simulator.addAccount("sa", "acme"));
        other = leases.open(handle, Duration.ofMinutes(10), CoreBench.OWNER);
        handle = core.handle("sa", core.service("acme"), simulator.currentToken("sa"));
    }

    @Benchmark
    public void openAndClose() throws Exception {
        leases.open(handle, Duration.ofMinutes(10), CoreBench.OWNER).close();
    }

    @TearDown(Level.Trial)
    public void stop() throws Exception {
        other.close();
        core.close();
        simulator.close();
        timer.shutdownNow();
        try (var files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }
}
