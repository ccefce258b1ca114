package io.jenkins.plugins.vcftoken.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.TokenServiceTestBase;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.TokenManager;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AutoClose;

/** Base of tests of leases, with a timer that tests fire by hand. */
abstract class LeaseTestBase extends TokenServiceTestBase {

    static final Duration TEN_MINUTES = Duration.ofMinutes(10);
    static final String USER = "svc@vsphere.local";
    static final String PASSWORD = "a-password-of-sddc-manager";

    @AutoClose("shutdownNow")
    final ManualTimer timer = new ManualTimer();

    final RecordingLeaseOwner block = new RecordingLeaseOwner();

    LeaseManager leases(TokenManager families) {
        return new LeaseManager(families, timer, clock, new RenewalPolicy(() -> 0));
    }

    /** Does everything on the thread of its caller, so that there is nothing to wait for. */
    LeaseManager leasesOnThisThread() {
        return leases(TestTokenService.manager(core.ledger, clock));
    }

    CredentialHandle sddcUser() {
        simulator.sddcManager().addUser(USER, PASSWORD);
        return core.handle("sddc", core.sddcManager(USER), PASSWORD);
    }

    /** The credential of a handle as it was typed into a form that is not saved. */
    static CredentialHandle typed(CredentialHandle stored) {
        return new CredentialHandle(
                "typed", CredentialLocation.ofUnsaved("system"), stored.token(), stored.client(), stored.writer());
    }

    static void await(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TestTokenService.PLENTY.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.sleep(5);
        }
    }
}
