package io.jenkins.plugins.vcftoken.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.rotation.CredentialHandle;
import io.jenkins.plugins.vcftoken.rotation.TokenEventListener;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.TokenIssuedEvent;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import java.time.Duration;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Sequence of listener calls. */
class TokenEventListenerTest extends LeaseTestBase {

    private final RecordingListener events = new RecordingListener();
    private CredentialHandle handle;

    @BeforeEach
    void start() throws Exception {
        leases = leaseManager(TestTokenService.manager(core.ledger, clock, events));
        handle = core.newAccount("ci", "acme");
    }

    @Test
    void leases_ofTwoOwners_areReportedFromOpenToClose() throws Exception {
        Lease one = open(handle, new NamedOwner("one"));
        Lease two = open(handle, new NamedOwner("two"));
        leases.issueWithoutLease(handle, TEN_MINUTES, "three");
        clock.advance(Duration.ofMinutes(30));
        one.refresh();
        one.close();
        one.close();
        two.close();
        assertThat(events)
                .containsExactly(
                        "granted 0 1",
                        "one opened leased",
                        "two opened leased",
                        "three opened",
                        "granted 1 2",
                        "one renewed leased",
                        "two renewed leased",
                        "one closed leased",
                        "two closed leased");
    }

    @Test
    void leaseWithANewerAccessToken_renewsTheOthers() throws Exception {
        open(handle, new NamedOwner("one"));
        clock.advance(Duration.ofMinutes(55));
        open(handle, new NamedOwner("two"));
        assertThat(events)
                .containsExactly(
                        "granted 0 1", "one opened leased", "granted 1 2", "one renewed leased", "two opened leased");
    }

    @Test
    void lostResponse_isReportedAsFailedAndDenied() {
        simulator.inject(Fault.CLOSE_AFTER_COMMIT);
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> leases.issueWithoutLease(handle, TEN_MINUTES, "one"))
                    .isInstanceOf(TokenUnavailableException.class);
        }
        assertThat(events).containsExactly("failed OUTCOME_UNKNOWN UNKNOWN", "one denied", "one denied");
    }

    @Test
    void rejectedToken_isReportedAsFailedAndDenied() {
        simulator.revoke("ci");
        assertThatThrownBy(() -> leases.issueWithoutLease(handle, TEN_MINUTES, "one"))
                .isInstanceOf(TokenUnavailableException.class);
        assertThat(events).containsExactly("failed REFRESH_TOKEN_REJECTED REJECTED", "one denied");
    }

    private record NamedOwner(String displayName) implements LeaseOwnerCallback {
        @Override
        public void beforePublish(AccessToken accessToken) {}

        @Override
        public void warn(String message) {}
    }

    private static final class RecordingListener extends CopyOnWriteArrayList<String> implements TokenEventListener {

        private static final long serialVersionUID = 1;

        @Override
        public void granted(CredentialHandle handle, TokenFamily before, TokenFamily after, Duration took) {
            add("granted " + before.tokens().generation() + ' ' + after.tokens().generation());
        }

        @Override
        public void failed(CredentialHandle handle, TokenFamily after, TokenRequestException cause, Duration took) {
            add("failed " + cause.errorType() + ' ' + after.state());
        }

        @Override
        public void leaseOpened(TokenIssuedEvent event, Duration waited) {
            add(event, "opened");
        }

        @Override
        public void renewed(TokenIssuedEvent event) {
            add(event, "renewed");
        }

        @Override
        public void leaseClosed(TokenIssuedEvent event) {
            add(event, "closed");
        }

        @Override
        public void denied(String owner, CredentialHandle handle, TokenUnavailableException cause) {
            add(owner + " denied");
        }

        private void add(TokenIssuedEvent event, String type) {
            add(event.owner() + ' ' + type + (event.leased() ? " leased" : ""));
        }
    }
}
