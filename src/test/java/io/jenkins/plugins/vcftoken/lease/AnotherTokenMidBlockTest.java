package io.jenkins.plugins.vcftoken.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.MutableClock;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.TokenService;
import io.jenkins.plugins.vcftoken.family.Families;
import io.jenkins.plugins.vcftoken.simulator.SddcManager;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A person stores another token, or another password, while blocks are open. Everything is on the test's own thread. */
class AnotherTokenMidBlockTest {

    private static final Duration TEN_MINUTES = Duration.ofMinutes(10);
    private static final String USER = "svc@vsphere.local";

    @TempDir
    private Path directory;

    private final MutableClock clock = new MutableClock();
    private final ManualTimer timer = new ManualTimer();
    private final Block block = new Block();
    private Simulator simulator;
    private SddcManager server;
    private Core core;
    private Leases leases;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start(clock, 0);
        server = simulator.sddcManager();
        core = new Core(directory, simulator, clock);
        Families families = new Families(core.ledger, Core.HASH, Runnable::run, Runnable::run, clock, Core.PLENTY);
        leases = new Leases(families, timer, clock, new Renewal(() -> 0));
    }

    @AfterEach
    void stop() {
        assertThat(leases.bearers()).isZero();
        assertThat(timer.pending()).isZero();
        assertThat(simulator.violations()).isEmpty();
        assertThat(simulator.reuses()).isZero();
        timer.shutdownNow();
        core.close();
        simulator.close();
    }

    @Test
    void blocksFromBeforeAndAfterGoOnWithTheNewToken() throws Exception {
        TokenService service = core.service("acme");
        StoredToken stored = new StoredToken("system", simulator.addAccount("ci", "acme"));
        Lease before = leases.open(stored.holder(service), TEN_MINUTES, block);
        clock.advance(Duration.ofMinutes(10));
        stored.type(simulator.reauthorize("ci"));
        Lease after = leases.open(stored.holder(service), TEN_MINUTES, new Block());
        Bearer first = after.bearer();
        assertThat(first).isNotEqualTo(before.bearer());
        clock.advance(Duration.ofMinutes(35));
        timer.fireAll();
        assertThat(block.expected).as("the one that was there already").endsWith(first);
        clock.advance(Duration.ofMinutes(1));
        assertThat(before.refresh()).isEqualTo(after.bearer()).isNotEqualTo(first);
        assertThat(simulator.grants()).isEqualTo(3);
        assertThat(stored.get()).isEqualTo(simulator.currentToken("ci"));
        Lease last = leases.open(stored.holder(service), TEN_MINUTES, new Block());
        assertThat(leases.list()).hasSize(3);
        assertThat(leases.bearers()).isEqualTo(2);
        before.close();
        after.close();
        last.close();
    }

    /** As a file does that is applied at each start. */
    @Test
    void whoeverAsksWithTheFormerTokenGetsNothingOfTheOtherAccount() throws Exception {
        TokenService service = core.service("acme");
        StoredToken stored = new StoredToken("system", simulator.addAccount("ci", "acme"));
        Lease first = leases.open(stored.holder(service), TEN_MINUTES, block);
        String former = stored.get();
        stored.type(simulator.addAccount("administrator", "acme"));
        clock.advance(Duration.ofMinutes(1));
        Bearer administrators = first.refresh();
        stored.type(former);
        Lease second = leases.open(stored.holder(service), TEN_MINUTES, new Block());
        assertThat(second.bearer()).isEqualTo(block.expected.get(0)).isNotEqualTo(administrators);
        clock.advance(Duration.ofMinutes(1));
        assertThat(first.refresh()).isNotEqualTo(administrators);
        assertThat(second.refresh()).isEqualTo(first.bearer());
        assertThat(simulator.grants()).isEqualTo(3);
        first.close();
        second.close();
    }

    /** The request has the former token already when a person stores another one and asks for its bearer. */
    @Test
    void whatComesLateOfTheFormerTokenChangesNothing() throws Exception {
        TokenService service = core.service("acme");
        StoredToken stored = new StoredToken("system", simulator.addAccount("ci", "acme"));
        Lease lease = leases.open(stored.holder(service), TEN_MINUTES, block);
        String another = simulator.addAccount("another", "acme");
        stored.whenLookedAt = () -> {
            stored.whenLookedAt = () -> {};
            stored.type(another);
            refresh(lease);
        };
        clock.advance(Duration.ofMinutes(45));
        timer.fireAll();
        assertThat(simulator.grants()).isEqualTo(3);
        assertThat(block.expected).hasSize(2).endsWith(lease.bearer());
        assertThat(lease.bearer().value()).isEqualTo(simulator.bearers().get(1));
        lease.close();
    }

    /** Whoever opens last has seen the credential last, such as with the certificate that it has now. */
    @Test
    void theLatestBlocksCredentialRenews() throws Exception {
        TokenService service = core.service("acme");
        StoredToken former = new StoredToken("system", simulator.addAccount("ci", "acme"));
        Lease first = leases.open(former.holder(service), TEN_MINUTES, block);
        StoredToken now = new StoredToken("system", former.get());
        leases.open(now.holder(service), TEN_MINUTES, new Block()).close();
        former.type("what nobody sees any more");
        clock.advance(Duration.ofMinutes(45));
        timer.fireAll();
        assertThat(block.warnings).isEmpty();
        assertThat(simulator.grants()).isEqualTo(2);
        first.close();
    }

    @Test
    void theSessionsOfBothPasswordsEndWithTheLastBlock() throws Exception {
        TokenService service = core.sddcManager(USER);
        StoredToken stored = password("former");
        Lease before = leases.open(stored.holder(service), TEN_MINUTES, block);
        change(stored, "changed");
        Lease after = leases.open(stored.holder(service), TEN_MINUTES, new Block());
        clock.advance(Duration.ofMinutes(45));
        timer.fireAll();
        Bearer renewed = before.bearer();
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

    /** Nobody could know that this block was about to have it too. */
    @Test
    void aSessionThatEndsAsItIsTakenOverIsReplacedSoon() throws Exception {
        StoredToken stored = password("former");
        Watched.Step[] step = {() -> {}};
        TokenService watched = new Watched(core.sddcManager(USER), () -> step[0].run());
        Lease before = leases.open(stored.holder(watched), TEN_MINUTES, block);
        clock.advance(Duration.ofMinutes(1));
        change(stored, "changed");
        Lease after = leases.open(stored.holder(watched), TEN_MINUTES, new Block());
        step[0] = after::close;
        before.refresh();
        assertThat(server.isOpen(before.bearer().value())).isFalse();
        assertThat(timer.pauses).endsWith(Renewal.FLOOR);
        clock.advance(Renewal.FLOOR);
        timer.fireAll();
        assertThat(server.isOpen(before.bearer().value())).isTrue();
        before.close();
        assertThat(server.openSessions()).isZero();
    }

    @Test
    void aSessionThatComesWhenNobodyIsLeftEnds() throws Exception {
        StoredToken stored = password("former");
        Lease lease = leases.open(stored.holder(core.sddcManager(USER)), TEN_MINUTES, block);
        change(stored, "changed");
        stored.whenLookedAt = lease::close;
        clock.advance(Duration.ofMinutes(45));
        timer.fireAll();
        assertThat(server.logins()).isEqualTo(2);
        assertThat(server.openSessions()).isZero();
        assertThat(block.expected).hasSize(1);
    }

    private StoredToken password(String password) {
        server.addUser(USER, password);
        return new StoredToken("system", password);
    }

    private void change(StoredToken stored, String password) {
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
