package io.jenkins.plugins.vcftoken.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.MutableClock;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.exchange.ExchangeException;
import io.jenkins.plugins.vcftoken.exchange.Grant;
import io.jenkins.plugins.vcftoken.exchange.Problem;
import io.jenkins.plugins.vcftoken.exchange.TokenService;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A token in doubt, of which a new authorization has made a former one without the asker knowing. */
class AuthorizedElsewhereTest {

    private static final Predicate<Bearer> ANY = bearer -> true;

    @TempDir
    private Path directory;

    private final MutableClock clock = new MutableClock();
    private Simulator simulator;
    private Core core;
    private String seed;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start(clock, 0);
        core = new Core(directory, simulator, clock);
        seed = simulator.addAccount("ci", "acme");
    }

    @AfterEach
    void stop() {
        core.close();
        simulator.close();
    }

    /** Two controllers on one home, and the account is authorized anew at one of them. */
    @Test
    void theOtherControllerFollowsAnAuthorization() throws Exception {
        try (Core other = new Core(directory, simulator, clock)) {
            simulator.inject(Fault.CLOSE_AFTER_COMMIT);
            assertThatThrownBy(() -> core.families.await(holderOf(core, "ci"), ANY))
                    .hasMessageContaining("may have rotated");
            Holder there = holderOf(other, "ci");
            assertThatThrownBy(() -> other.families.await(there, ANY)).hasMessageContaining("may have rotated");
            authorize(core.families, there);
            assertThat(other.families.await(there, ANY).trouble()).isNull();
            assertThat(simulator.mostReceived()).isEqualTo(1);
        }
    }

    /** The same, where the family of before has another place still. */
    @Test
    void theOtherControllerFollowsAnAuthorizationOfOneOfTwoPlaces() throws Exception {
        try (Core other = new Core(directory, simulator, clock)) {
            core.families.await(holderOf(core, "ci"), ANY);
            seed = simulator.currentToken("ci");
            core.families.await(holderOf(core, "twin"), ANY);
            clock.advance(Duration.ofHours(2));
            simulator.inject(Fault.CLOSE_AFTER_COMMIT);
            assertThatThrownBy(() -> core.families.await(holderOf(core, "ci"), ANY));
            Holder there = holderOf(other, "ci");
            assertThatThrownBy(() -> other.families.await(there, ANY));
            authorize(core.families, there);
            assertThat(other.families.await(there, ANY).trouble()).isNull();
            assertThatThrownBy(() -> other.families.await(holderOf(other, "twin"), ANY))
                    .hasMessageContaining("may have rotated");
            assertThat(simulator.mostReceived()).isEqualTo(1);
        }
    }

    /** The first one tried in vain, and what it remembers of that is out of date. */
    @Test
    void aTokenThatTheOtherControllerHasRotatedIsNotSentForAnotherOrganization() throws Exception {
        TokenService unreachable = new TokenService() {
            @Override
            public Endpoint endpoint() {
                return core.service("acme").endpoint();
            }

            @Override
            public Grant exchange(String secret) throws ExchangeException {
                throw new ExchangeException.NotSent(Problem.UNREACHABLE, "no route", null);
            }
        };
        assertThatThrownBy(() -> core.families.await(core.holder("ci", unreachable, seed), ANY))
                .hasMessageContaining("no route");
        try (Core other = new Core(directory, simulator, clock)) {
            other.families.await(holderOf(other, "ci"), ANY);
        }
        assertThatThrownBy(() -> core.families.await(core.holder("ci", core.service("globex"), seed), ANY))
                .hasMessageContaining("was rotated away while it was stored elsewhere");
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void anAuthorizationWhileAnotherOneWaitsForTheLock() throws Exception {
        HookedLedger hooked = new HookedLedger(core.ledger);
        Families families = new Families(hooked, Core.HASH, Runnable::run, Runnable::run, clock, Core.PLENTY);
        Holder holder = holderOf(core, "ci");
        simulator.inject(Fault.CLOSE_AFTER_COMMIT);
        assertThatThrownBy(() -> families.await(holder, ANY)).hasMessageContaining("may have rotated");
        hooked.lock = id -> {
            hooked.lock = same -> {};
            authorize(families, holder);
        };
        assertThat(families.await(holder, ANY).trouble()).isNull();
        assertThat(simulator.mostReceived()).isEqualTo(1);
    }

    private Holder holderOf(Core controller, String name) {
        return controller.holder(name, controller.service("acme"), seed);
    }

    private void authorize(Families families, Holder holder) throws IOException, InterruptedException {
        families.administration()
                .authorized(holder.service().endpoint(), holder.place(), seed, simulator.reauthorize("ci"), null);
    }
}
