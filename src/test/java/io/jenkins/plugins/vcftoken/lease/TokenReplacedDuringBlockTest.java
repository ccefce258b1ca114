package io.jenkins.plugins.vcftoken.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import io.jenkins.plugins.vcftoken.simulator.SddcManager;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A person stores another token, or another password, while blocks are open. Everything is on the test's own thread. */
class TokenReplacedDuringBlockTest extends LeaseTestBase {

    private SddcManager server;
    private LeaseManager leases;
    private TokenEndpointClient service;

    @BeforeEach
    void start() throws Exception {
        server = simulator.sddcManager();
        leases = leasesOnThisThread();
        service = core.service("acme");
    }

    @AfterEach
    void stop() {
        assertThat(leases.accessTokens()).isZero();
        assertThat(timer.pending()).isZero();
        assertThat(simulator.reuses()).isZero();
    }

    @Test
    void blocksBeforeAndAfterTheChange_useTheNewToken() throws Exception {
        InMemoryCredential stored = newAccount();
        Lease before = leases.open(stored.handle(service), TEN_MINUTES, block);
        clock.advance(Duration.ofMinutes(10));
        stored.type(simulator.reauthorize("ci"));
        Lease after = leases.open(stored.handle(service), TEN_MINUTES, new RecordingLeaseOwner());
        AccessToken first = after.accessToken();
        assertThat(first).isNotEqualTo(before.accessToken());
        clock.advance(Duration.ofMinutes(35));
        timer.fireAll();
        assertThat(block.expected).as("the one that was there already").endsWith(first);
        clock.advance(Duration.ofMinutes(1));
        assertThat(before.refresh()).isEqualTo(after.accessToken()).isNotEqualTo(first);
        assertThat(simulator.grants()).isEqualTo(3);
        assertThat(stored.get()).isEqualTo(simulator.currentToken("ci"));
        Lease last = leases.open(stored.handle(service), TEN_MINUTES, new RecordingLeaseOwner());
        assertThat(leases.list()).hasSize(3);
        assertThat(leases.accessTokens()).isEqualTo(2);
        before.close();
        after.close();
        last.close();
    }

    /** As a file does that is applied at each start. */
    @Test
    void requestWithTheReplacedToken_getsNoAccessTokenOfTheNewAccount() throws Exception {
        InMemoryCredential stored = newAccount();
        Lease first = leases.open(stored.handle(service), TEN_MINUTES, block);
        String former = stored.get();
        stored.type(simulator.addAccount("administrator", "acme"));
        clock.advance(Duration.ofMinutes(1));
        AccessToken administrators = first.refresh();
        stored.type(former);
        Lease second = leases.open(stored.handle(service), TEN_MINUTES, new RecordingLeaseOwner());
        assertThat(second.accessToken()).isEqualTo(block.expected.get(0)).isNotEqualTo(administrators);
        clock.advance(Duration.ofMinutes(1));
        assertThat(first.refresh()).isNotEqualTo(administrators);
        assertThat(second.refresh()).isEqualTo(first.accessToken());
        assertThat(simulator.grants()).isEqualTo(3);
        first.close();
        second.close();
    }

    /** The request has the former token already when a person stores another one and asks for its access token. */
    @Test
    void lateResultOfTheReplacedToken_changesNothing() throws Exception {
        InMemoryCredential stored = newAccount();
        Lease lease = leases.open(stored.handle(service), TEN_MINUTES, block);
        String another = simulator.addAccount("another", "acme");
        stored.whenLookedAt = () -> {
            stored.whenLookedAt = () -> {};
            stored.type(another);
            refresh(lease);
        };
        clock.advance(Duration.ofMinutes(45));
        timer.fireAll();
        assertThat(simulator.grants()).isEqualTo(3);
        assertThat(block.expected).hasSize(2).endsWith(lease.accessToken());
        assertThat(lease.accessToken().value())
                .isEqualTo(simulator.accessTokens().get(1));
        lease.close();
    }

    /** The latest block has read the credential last, for example with its present certificate. */
    @Test
    void renewal_usesTheCredentialOfTheLatestBlock() throws Exception {
        InMemoryCredential former = newAccount();
        Lease first = leases.open(former.handle(service), TEN_MINUTES, block);
        InMemoryCredential now = new InMemoryCredential("system", former.get());
        leases.open(now.handle(service), TEN_MINUTES, new RecordingLeaseOwner()).close();
        former.type("what is not visible any more");
        clock.advance(Duration.ofMinutes(45));
        timer.fireAll();
        assertThat(block.warnings).isEmpty();
        assertThat(simulator.grants()).isEqualTo(2);
        first.close();
    }

    @Test
    void lastBlock_endsTheSessionsOfBothPasswords() throws Exception {
        service = core.sddcManager(USER);
        InMemoryCredential stored = password("former");
        Lease before = leases.open(stored.handle(service), TEN_MINUTES, block);
        change(stored, "changed");
        Lease after = leases.open(stored.handle(service), TEN_MINUTES, new RecordingLeaseOwner());
        clock.advance(Duration.ofMinutes(45));
        timer.fireAll();
        AccessToken renewed = before.accessToken();
        assertThat(renewed).isNotEqualTo(block.expected.get(0));
        after.close();
        assertThat(server.isOpen(renewed.value())).isTrue();
        assertThat(server.isOpen(block.expected.get(0).value()))
                .as("a step that has it is not disturbed")
                .isTrue();
        before.close();
        assertThat(server.openSessions()).isZero();
        assertThat(server.logins()).isEqualTo(2);
        assertThat(server.releases()).isEqualTo(2);
    }

    /** The other lease ends before this block has joined. */
    @Test
    void sessionThatEndsDuringARefresh_isReplacedSoon() throws Exception {
        InMemoryCredential stored = password("former");
        InterceptingClient.Step[] step = {() -> {}};
        TokenEndpointClient watched = new InterceptingClient(core.sddcManager(USER), () -> step[0].run());
        Lease before = leases.open(stored.handle(watched), TEN_MINUTES, block);
        clock.advance(Duration.ofMinutes(1));
        change(stored, "changed");
        Lease after = leases.open(stored.handle(watched), TEN_MINUTES, new RecordingLeaseOwner());
        step[0] = after::close;
        before.refresh();
        assertThat(server.isOpen(before.accessToken().value())).isFalse();
        assertThat(timer.pauses).endsWith(RenewalPolicy.FLOOR);
        clock.advance(RenewalPolicy.FLOOR);
        timer.fireAll();
        assertThat(server.isOpen(before.accessToken().value())).isTrue();
        before.close();
        assertThat(server.openSessions()).isZero();
    }

    @Test
    void sessionThatBeginsAfterTheLastBlock_ends() throws Exception {
        InMemoryCredential stored = password("former");
        Lease lease = leases.open(stored.handle(core.sddcManager(USER)), TEN_MINUTES, block);
        change(stored, "changed");
        stored.whenLookedAt = lease::close;
        clock.advance(Duration.ofMinutes(45));
        timer.fireAll();
        assertThat(server.logins()).isEqualTo(2);
        assertThat(server.openSessions()).isZero();
        assertThat(block.expected).hasSize(1);
    }

    private InMemoryCredential newAccount() {
        return new InMemoryCredential("system", simulator.addAccount("ci", "acme"));
    }

    private InMemoryCredential password(String password) {
        server.addUser(USER, password);
        return new InMemoryCredential("system", password);
    }

    private void change(InMemoryCredential stored, String password) {
        server.addUser(USER, password);
        stored.type(password);
    }

    private static void refresh(Lease lease) {
        try {
            lease.refresh();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
