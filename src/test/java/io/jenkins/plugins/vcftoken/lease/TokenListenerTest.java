package io.jenkins.plugins.vcftoken.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.TokenIssuedEvent;
import io.jenkins.plugins.vcftoken.rotation.TokenListener;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import java.time.Duration;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a listener hears, and that it is all there is to hear. */
class TokenListenerTest extends LeaseTestBase {

    private final Ear heard = new Ear();
    private LeaseManager leases;
    private CredentialHandle handle;

    @BeforeEach
    void start() throws Exception {
        leases = leases(TestTokenService.manager(core.ledger, clock, heard));
        handle = core.newAccount("ci", "acme");
    }

    @Test
    void twoBlocksARenewalAndTheEnd() throws Exception {
        Lease one = leases.open(handle, TEN_MINUTES, new RecordingLeaseOwner("one"));
        Lease two = leases.open(handle, TEN_MINUTES, new RecordingLeaseOwner("two"));
        leases.issueWithoutLease(handle, TEN_MINUTES, "three");
        clock.advance(Duration.ofMinutes(30));
        one.refresh();
        one.close();
        one.close();
        two.close();
        assertThat(heard)
                .containsExactly(
                        "granted 0 1",
                        "one gave leased",
                        "two gave leased",
                        "three gave",
                        "granted 1 2",
                        "one renewed leased",
                        "two renewed leased",
                        "one returned leased",
                        "two returned leased");
    }

    @Test
    void leaseWithANewerAccessToken_renewsTheOthers() throws Exception {
        leases.open(handle, TEN_MINUTES, new RecordingLeaseOwner("one"));
        clock.advance(Duration.ofMinutes(55));
        leases.open(handle, TEN_MINUTES, new RecordingLeaseOwner("two"));
        assertThat(heard)
                .containsExactly(
                        "granted 0 1", "one gave leased", "granted 1 2", "one renewed leased", "two gave leased");
    }

    @Test
    void lostResponse_isReportedAsFailedAndDenied() {
        simulator.inject(Fault.CLOSE_AFTER_COMMIT);
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> leases.issueWithoutLease(handle, TEN_MINUTES, "one"))
                    .isInstanceOf(TokenUnavailableException.class);
        }
        assertThat(heard).containsExactly("failed OUTCOME_UNKNOWN UNKNOWN", "one denied", "one denied");
    }

    @Test
    void aRefusal() {
        simulator.revoke("ci");
        assertThatThrownBy(() -> leases.issueWithoutLease(handle, TEN_MINUTES, "one"))
                .isInstanceOf(TokenUnavailableException.class);
        assertThat(heard).containsExactly("failed SPENT_OR_REVOKED REJECTED", "one denied");
    }

    private record RecordingLeaseOwner(String who) implements LeaseOwner {
        @Override
        public void beforePublish(AccessToken accessToken) {}

        @Override
        public void warn(String message) {}
    }

    private static final class Ear extends CopyOnWriteArrayList<String> implements TokenListener {

        private static final long serialVersionUID = 1;

        @Override
        public void granted(CredentialHandle handle, TokenFamily before, TokenFamily after, Duration took) {
            add("granted " + before.tokens().generation() + ' ' + after.tokens().generation());
        }

        @Override
        public void failed(CredentialHandle handle, TokenFamily after, TokenRequestException why, Duration took) {
            add("failed " + why.tokenError() + ' ' + after.state());
        }

        @Override
        public void leaseOpened(TokenIssuedEvent handout, Duration waited) {
            add(handout, "gave");
        }

        @Override
        public void renewed(TokenIssuedEvent handout) {
            add(handout, "renewed");
        }

        @Override
        public void leaseClosed(TokenIssuedEvent handout) {
            add(handout, "returned");
        }

        @Override
        public void denied(String owner, CredentialHandle handle, TokenUnavailableException why) {
            add(owner + " denied");
        }

        private void add(TokenIssuedEvent handout, String what) {
            add(handout.owner() + ' ' + what + (handout.leased() ? " leased" : ""));
        }
    }
}
