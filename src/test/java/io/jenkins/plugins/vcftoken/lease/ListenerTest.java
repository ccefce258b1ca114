package io.jenkins.plugins.vcftoken.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.MutableClock;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.ExchangeException;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.family.FamilyRecord;
import io.jenkins.plugins.vcftoken.family.Handout;
import io.jenkins.plugins.vcftoken.family.Holder;
import io.jenkins.plugins.vcftoken.family.TokenListener;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a listener hears, and that it is all there is to hear. */
class ListenerTest {

    private static final Duration TEN_MINUTES = Duration.ofMinutes(10);

    @TempDir
    private Path directory;

    private final MutableClock clock = new MutableClock();
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private final Ear heard = new Ear();
    private Simulator simulator;
    private Core core;
    private Leases leases;
    private Holder holder;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start(clock, 0);
        core = new Core(directory, simulator, clock, heard);
        leases = new Leases(core.families, timer, clock, new Renewal(() -> 0));
        holder = core.holder("ci", "acme", simulator.addAccount("ci", "acme"), (family, token, again) -> {});
    }

    @AfterEach
    void stop() {
        timer.shutdownNow();
        core.close();
        simulator.close();
    }

    @Test
    void twoBlocksARenewalAndTheEnd() throws Exception {
        Lease one = leases.open(holder, TEN_MINUTES, new Block("one"));
        Lease two = leases.open(holder, TEN_MINUTES, new Block("two"));
        leases.once(holder, TEN_MINUTES, "three");
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
    void aLeaseThatBringsANewerBearerRenewsTheOthers() throws Exception {
        leases.open(holder, TEN_MINUTES, new Block("one"));
        clock.advance(Duration.ofMinutes(55));
        leases.open(holder, TEN_MINUTES, new Block("two"));
        assertThat(heard)
                .containsExactly(
                        "granted 0 1", "one gave leased", "granted 1 2", "one renewed leased", "two gave leased");
    }

    @Test
    void aLostAnswerAndWhoGoesWithoutForIt() {
        simulator.inject(Fault.CLOSE_AFTER_COMMIT);
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> leases.open(holder, TEN_MINUTES, new Block("one")))
                    .isInstanceOf(FamilyException.class);
        }
        assertThat(heard).containsExactly("failed OUTCOME_UNKNOWN UNKNOWN", "one denied", "one denied");
    }

    @Test
    void aRefusal() {
        simulator.revoke("ci");
        assertThatThrownBy(() -> leases.once(holder, TEN_MINUTES, "one")).isInstanceOf(FamilyException.class);
        assertThat(heard).containsExactly("failed SPENT_OR_REVOKED DEAD", "one denied");
    }

    private record Block(String who) implements Tenant {
        @Override
        public void expect(Bearer bearer) {}

        @Override
        public void warn(String message) {}
    }

    private static final class Ear extends CopyOnWriteArrayList<String> implements TokenListener {

        private static final long serialVersionUID = 1;

        @Override
        public void granted(Holder holder, FamilyRecord before, FamilyRecord after, Duration took) {
            add("granted " + before.tokens().generation() + ' ' + after.tokens().generation());
        }

        @Override
        public void failed(Holder holder, FamilyRecord after, ExchangeException why, Duration took) {
            add("failed " + why.problem() + ' ' + after.state());
        }

        @Override
        public void gave(Handout handout, Duration waited) {
            add(handout, "gave");
        }

        @Override
        public void renewed(Handout handout) {
            add(handout, "renewed");
        }

        @Override
        public void returned(Handout handout) {
            add(handout, "returned");
        }

        @Override
        public void denied(String tenant, Holder holder, FamilyException why) {
            add(tenant + " denied");
        }

        private void add(Handout handout, String what) {
            add(handout.tenant() + ' ' + what + (handout.leased() ? " leased" : ""));
        }
    }
}
