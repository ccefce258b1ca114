package io.jenkins.plugins.vcftoken.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.simulator.SddcManager;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Another token or password is stored while leases are open. Runs on the test thread. */
class TokenReplacedDuringBlockTest extends LeaseTestBase {

    private SddcManager server;
    private TokenClient client;

    @BeforeEach
    void start() throws Exception {
        server = simulator.sddcManager();
        leases = synchronousLeaseManager();
        client = core.service("acme");
    }

    @AfterEach
    void stop() {
        assertThat(leases.tokenCount()).isZero();
        assertThat(timer.pendingCount()).isZero();
        assertThat(simulator.reuses()).isZero();
    }

    @Test
    void blocksBeforeAndAfterTheChange_useTheNewToken() throws Exception {
        InMemoryCredential stored = newAccount();
        Lease before = open(stored.handle(client), owner);
        clock.advance(Duration.ofMinutes(10));
        stored.set(simulator.reauthorize("ci"));
        Lease after = open(stored.handle(client));
        AccessToken first = after.accessToken();
        assertThat(first).isNotEqualTo(before.accessToken());
        clock.advance(Duration.ofMinutes(35));
        timer.fireAll();
        assertThat(owner.published).as("the access token of the other lease").endsWith(first);
        clock.advance(Duration.ofMinutes(1));
        assertThat(before.refresh()).isEqualTo(after.accessToken()).isNotEqualTo(first);
        assertThat(simulator.grants()).isEqualTo(3);
        assertThat(stored.get()).isEqualTo(simulator.currentToken("ci"));
        Lease last = open(stored.handle(client));
        assertThat(leases.list()).hasSize(3);
        assertThat(leases.tokenCount()).isEqualTo(2);
        before.close();
        after.close();
        last.close();
    }

    /** For example by a configuration file that is applied at each start. */
    @Test
    void requestWithTheReplacedToken_getsNoAccessTokenOfTheNewAccount() throws Exception {
        InMemoryCredential stored = newAccount();
        Lease first = open(stored.handle(client), owner);
        String former = stored.get();
        stored.set(simulator.addAccount("administrator", "acme"));
        clock.advance(Duration.ofMinutes(1));
        AccessToken ofAdministrator = first.refresh();
        stored.set(former);
        Lease second = open(stored.handle(client));
        assertThat(second.accessToken()).isEqualTo(owner.published.get(0)).isNotEqualTo(ofAdministrator);
        clock.advance(Duration.ofMinutes(1));
        assertThat(first.refresh()).isNotEqualTo(ofAdministrator);
        assertThat(second.refresh()).isEqualTo(first.accessToken());
        assertThat(simulator.grants()).isEqualTo(3);
        first.close();
        second.close();
    }

    /** Another token is stored and used after the renewal has read the former one. */
    @Test
    void lateResultOfTheReplacedToken_changesNothing() throws Exception {
        InMemoryCredential stored = newAccount();
        Lease lease = open(stored.handle(client), owner);
        String another = simulator.addAccount("another", "acme");
        stored.onRead = () -> {
            stored.onRead = () -> {};
            stored.set(another);
            refresh(lease);
        };
        clock.advance(Duration.ofMinutes(45));
        timer.fireAll();
        assertThat(simulator.grants()).isEqualTo(3);
        assertThat(owner.published).hasSize(2).endsWith(lease.accessToken());
        assertThat(lease.accessToken().value())
                .isEqualTo(simulator.accessTokens().get(1));
        lease.close();
    }

    /** It has the most recent settings of the credential, for example the certificate. */
    @Test
    void renewal_usesTheCredentialOfTheLatestBlock() throws Exception {
        InMemoryCredential former = newAccount();
        Lease first = open(former.handle(client), owner);
        InMemoryCredential now = new InMemoryCredential("system", former.get());
        open(now.handle(client)).close();
        former.set("former-value");
        clock.advance(Duration.ofMinutes(45));
        timer.fireAll();
        assertThat(owner.warnings).isEmpty();
        assertThat(simulator.grants()).isEqualTo(2);
        first.close();
    }

    @Test
    void close_ofTheLastLease_endsTheSessionsOfBothPasswords() throws Exception {
        client = core.sddcManager(USER);
        InMemoryCredential stored = password("former");
        Lease before = open(stored.handle(client), owner);
        change(stored, "changed");
        Lease after = open(stored.handle(client));
        clock.advance(Duration.ofMinutes(45));
        timer.fireAll();
        AccessToken renewed = before.accessToken();
        assertThat(renewed).isNotEqualTo(owner.published.get(0));
        after.close();
        assertThat(server.isOpen(renewed.value())).isTrue();
        assertThat(server.isOpen(owner.published.get(0).value()))
                .as("a running step may still use it")
                .isTrue();
        before.close();
        assertThat(server.openSessions()).isZero();
        assertThat(server.logins()).isEqualTo(2);
        assertThat(server.releases()).isEqualTo(2);
    }

    /** The other lease is closed before this one has joined. */
    @Test
    void session_endedDuringARefresh_isReplaced() throws Exception {
        InMemoryCredential stored = password("former");
        InterceptingClient.Step[] step = {() -> {}};
        TokenClient intercepting = new InterceptingClient(core.sddcManager(USER), () -> step[0].run());
        Lease before = open(stored.handle(intercepting), owner);
        clock.advance(Duration.ofMinutes(1));
        change(stored, "changed");
        Lease after = open(stored.handle(intercepting));
        step[0] = after::close;
        before.refresh();
        assertThat(server.isOpen(before.accessToken().value())).isFalse();
        assertThat(timer.pauses).endsWith(RenewalPolicy.MIN_PAUSE);
        clock.advance(RenewalPolicy.MIN_PAUSE);
        timer.fireAll();
        assertThat(server.isOpen(before.accessToken().value())).isTrue();
        before.close();
        assertThat(server.openSessions()).isZero();
    }

    @Test
    void session_startedAfterTheLastLeaseClosed_ends() throws Exception {
        InMemoryCredential stored = password("former");
        Lease lease = open(stored.handle(core.sddcManager(USER)), owner);
        change(stored, "changed");
        stored.onRead = lease::close;
        clock.advance(Duration.ofMinutes(45));
        timer.fireAll();
        assertThat(server.logins()).isEqualTo(2);
        assertThat(server.openSessions()).isZero();
        assertThat(owner.published).hasSize(1);
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
        stored.set(password);
    }

    private static void refresh(Lease lease) {
        try {
            lease.refresh();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
