package io.jenkins.plugins.vcftoken.interop;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.lease.Lease;
import io.jenkins.plugins.vcftoken.lease.LeaseManager;
import io.jenkins.plugins.vcftoken.lease.LeaseOwnerCallback;
import io.jenkins.plugins.vcftoken.lease.RenewalPolicy;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.rotation.AtomicFileReplacement;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/** The token file of a block, which a lease replaces atomically when it renews the token at 75 % of the lifetime. */
final class LeasedTokenFile implements AutoCloseable, LeaseOwnerCallback {

    final Path token;
    final Path certificates;
    final List<String> warnings = new CopyOnWriteArrayList<>();

    private final TestTokenService service;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private final Lease lease;

    private LeasedTokenFile(Path directory, Simulator simulator, TestTokenService service, CredentialHandle handle)
            throws Exception {
        this.service = service;
        token = directory.resolve("token");
        certificates = Files.writeString(directory.resolve("ca.pem"), simulator.authorityPem());
        // Without jitter, renewals are as late as possible.
        RenewalPolicy policy = new RenewalPolicy(() -> 0);
        lease = new LeaseManager(service.families, timer, InstantSource.system(), policy)
                .open(handle, Duration.ofMinutes(10), this);
    }

    /** Opens a lease for a new service account of an organization. */
    static LeasedTokenFile ofOrganization(Simulator simulator, Path directory, String organization) throws Exception {
        TestTokenService service = new TestTokenService(directory.resolve("ledger"), simulator, InstantSource.system());
        String secret = simulator.addAccount("ci", organization);
        CredentialHandle handle = service.handle("ci", organization, secret, (family, current, again) -> {});
        return new LeasedTokenFile(directory, simulator, service, handle);
    }

    @Override
    public String displayName() {
        return "interop test";
    }

    @Override
    public void beforePublish(AccessToken accessToken) {
        replace(token, accessToken.value());
    }

    private static void replace(Path file, String content) {
        try {
            Path replacement = Files.writeString(file.resolveSibling(file.getFileName() + ".new"), content);
            AtomicFileReplacement.replace(replacement, file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void warn(String message) {
        warnings.add(message);
    }

    @Override
    public void close() {
        lease.close();
        timer.shutdownNow();
        service.close();
    }
}
