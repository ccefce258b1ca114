package io.jenkins.plugins.vcftoken.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.MutableClock;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FamilyAdministrationTest {

    @TempDir
    private Path directory;

    private final MutableClock clock = new MutableClock();
    private Simulator simulator;
    private Core core;
    private FamilyAdministration administration;
    private String seed;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start(clock, 0);
        core = new Core(directory, simulator, clock);
        administration = core.families.administration();
        seed = simulator.addAccount("ci", "acme");
    }

    @AfterEach
    void stop() {
        core.close();
        simulator.close();
    }

    @Test
    void aPersonMayVouchForATokenWhoseFateIsUnknown() throws Exception {
        simulator.inject(Fault.STATUS_502);
        assertThatThrownBy(this::ask).isInstanceOf(FamilyException.class);
        assertThatThrownBy(this::ask).hasMessageContaining("it is not known whether");
        assertThat(administration.vouch(only().id())).isTrue();
        ask();
        assertThat(simulator.grants()).isEqualTo(1);
        assertThat(administration.vouch(only().id())).isFalse();
        assertThat(administration.vouch("00000000")).isFalse();
    }

    @Test
    void recordsAreKeptThirtyDaysAfterTheLastCredential() throws Exception {
        ask();
        administration.sweep(place -> false);
        clock.advance(Duration.ofDays(29));
        administration.sweep(place -> false);
        assertThat(administration.list()).hasSize(1);
        clock.advance(Duration.ofDays(1));
        administration.sweep(place -> false);
        assertThat(administration.list()).isEmpty();
    }

    @Test
    void aCredentialMadeAgainStopsTheCount() throws Exception {
        ask();
        administration.sweep(place -> false);
        clock.advance(Duration.ofDays(29));
        administration.sweep(place -> true);
        clock.advance(Duration.ofDays(29));
        administration.sweep(place -> false);
        clock.advance(Duration.ofDays(29));
        administration.sweep(place -> false);
        assertThat(administration.list()).hasSize(1);
    }

    @Test
    void familiesFollowTheirFolder() throws Exception {
        Place before = new Place("folder:a", "sa");
        core.families.await(new Holder("sa", before, seed, core.service("acme"), (f, t, again) -> {}), bearer -> true);
        administration.moved("folder:a", "folder:b/a");
        assertThat(only().places()).containsExactly(new Place("folder:b/a", "sa"));
        clock.advance(Duration.ofHours(2));
        Place after = new Place("folder:b/a", "sa");
        core.families.await(new Holder("sa", after, seed, core.service("acme"), (f, t, again) -> {}), bearer -> true);
        assertThat(simulator.reuses()).isZero();
    }

    @Test
    void whatIsForgottenIsGone() throws Exception {
        ask();
        administration.forget(only().id());
        assertThat(administration.list()).isEmpty();
    }

    @Test
    void tokensOfOneFamilyAreRelatedAtTheirEndpointOnly() throws Exception {
        ask();
        String now = simulator.currentToken("ci");
        assertThat(administration.areRelated(core.service("acme").endpoint(), seed, now))
                .isTrue();
        assertThat(administration.areRelated(core.service("other").endpoint(), seed, now))
                .isFalse();
        assertThat(administration.areRelated(core.service("acme").endpoint(), seed, "typed"))
                .isFalse();
    }

    @Test
    void aSecretProvenAtOneServerIsNotSentToAnother() throws Exception {
        ask();
        try (Simulator thief = Simulator.start(clock, 0);
                Core other = new Core(directory, thief, clock)) {
            String current = simulator.currentToken("ci");
            Holder carried = other.holder("ci", "acme", current, (f, t, again) -> {});
            assertThatThrownBy(() -> other.families.await(carried, bearer -> true))
                    .hasMessageContaining("is not sent to another server");
            assertThat(thief.requests()).isZero();
        }
    }

    @Test
    void aSecretNeverAcceptedAnywhereMayBeTriedAtTheRightServer() throws Exception {
        try (Simulator wrong = Simulator.start(clock, 0);
                Core mistyped = new Core(directory, wrong, clock)) {
            Holder typo = mistyped.holder("ci", "acme", seed, (f, t, again) -> {});
            wrong.addAccount("somebody", "acme");
            assertThatThrownBy(() -> mistyped.families.await(typo, bearer -> true))
                    .isInstanceOf(FamilyException.class);
        }
        ask();
        assertThat(simulator.grants()).isEqualTo(1);
    }

    @Test
    void aRotationIsTwoWritesOfTheLedger() throws Exception {
        ask();
        clock.advance(Duration.ofHours(2));
        CountingLedger counting = new CountingLedger(core.ledger);
        Families families =
                new Families(counting, Core.HASH, Runnable::run, Runnable::run, clock, Duration.ofSeconds(5));
        families.await(core.holder("ci", "acme", seed, (f, t, again) -> {}), bearer -> true);
        assertThat(counting.saves).isEqualTo(2);
        families.await(core.holder("ci", "acme", seed, (f, t, again) -> {}), bearer -> true);
        assertThat(counting.saves).isEqualTo(2);
    }

    private void ask() throws Exception {
        core.families.await(core.holder("ci", "acme", seed, (f, t, again) -> {}), bearer -> true);
    }

    private FamilyRecord only() throws Exception {
        assertThat(administration.list()).hasSize(1);
        return administration.list().get(0);
    }

    private static final class CountingLedger implements Ledger {
        private final Ledger ledger;
        int saves;

        CountingLedger(Ledger ledger) {
            this.ledger = ledger;
        }

        @Override
        public Optional<FamilyRecord> load(String id) throws IOException {
            return ledger.load(id);
        }

        @Override
        public void save(FamilyRecord record) throws IOException {
            saves++;
            ledger.save(record);
        }

        @Override
        public void delete(String id) throws IOException {
            ledger.delete(id);
        }

        @Override
        public Contents contents() throws IOException {
            return ledger.contents();
        }

        @Override
        public Lock lock(String id, Duration limit) throws IOException, InterruptedException {
            return ledger.lock(id, limit);
        }
    }
}
