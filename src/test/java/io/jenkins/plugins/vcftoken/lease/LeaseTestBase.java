package io.jenkins.plugins.vcftoken.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.TokenServiceTestBase;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.TokenManager;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AutoClose;

/** Base class of lease tests, with a manually fired timer. */
abstract class LeaseTestBase extends TokenServiceTestBase {

    static final Duration TEN_MINUTES = Duration.ofMinutes(10);
    static final String USER = "svc@vsphere.local";
    static final String PASSWORD = "a-password-of-sddc-manager";

    @AutoClose("shutdownNow")
    final ManualTimer timer = new ManualTimer();

    final RecordingLeaseOwner owner = new RecordingLeaseOwner();

    /** Set by subclasses. */
    LeaseManager leases;

    LeaseManager leaseManager(TokenManager tokenManager) {
        return new LeaseManager(tokenManager, timer, clock, new RenewalPolicy(() -> 0));
    }

    /** Runs requests and write-backs on the calling thread. */
    LeaseManager synchronousLeaseManager() {
        return leaseManager(TestTokenService.manager(core.ledger, clock));
    }

    Lease open(CredentialHandle handle) throws TokenUnavailableException, InterruptedException {
        return open(handle, new RecordingLeaseOwner());
    }

    Lease open(CredentialHandle handle, LeaseOwnerCallback owner)
            throws TokenUnavailableException, InterruptedException {
        return leases.open(handle, TEN_MINUTES, owner);
    }

    CredentialHandle sddcUser() {
        simulator.sddcManager().addUser(USER, PASSWORD);
        return core.handle("sddc", core.sddcManager(USER), PASSWORD);
    }

    /** The credential of a handle in an unsaved form. */
    static CredentialHandle unsaved(CredentialHandle stored) {
        return new CredentialHandle(
                "unsaved", CredentialLocation.ofUnsaved("system"), stored.token(), stored.client(), stored.writer());
    }

    static void await(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TestTokenService.MAX_WAIT.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.sleep(5);
        }
    }
}
