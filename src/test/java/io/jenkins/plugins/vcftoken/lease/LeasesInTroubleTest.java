package io.jenkins.plugins.vcftoken.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.MutableClock;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.exchange.VcfaOrganizationToken;
import io.jenkins.plugins.vcftoken.exchange.VcfaRefresh;
import io.jenkins.plugins.vcftoken.family.Families;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.family.Handout;
import io.jenkins.plugins.vcftoken.family.Holder;
import io.jenkins.plugins.vcftoken.family.Place;
import io.jenkins.plugins.vcftoken.family.Supply;
import io.jenkins.plugins.vcftoken.family.TokenKeeper;
import io.jenkins.plugins.vcftoken.family.TokenListener;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.SddcManager;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What open blocks see of a server that fails, of Jenkins going down, and of others that come and go at the worst
 * moment. Everything happens on the test's own thread.
 */
class LeasesInTroubleTest {

    private static final Duration TEN_MINUTES = Duration.ofMinutes(10);

    @TempDir
    private Path directory;

    private final MutableClock clock = new MutableClock();
    private final ManualTimer timer = new ManualTimer();
    private final Block block = new Block();
    private Runnable whenReturned = () -> {};
    private Runnable whenRenewed = () -> {};
    private boolean goingDown;
    private Simulator simulator;
    private Core core;
    private Leases leases;
    private Holder holder;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start(clock, 0);
        core = new Core(directory, simulator, clock);
        Executor here = task -> {
            if (goingDown) {
                throw new RejectedExecutionException("going down");
            }
            task.run();
        };
        TokenListener listener = new TokenListener() {
            @Override
            public void returned(Handout handout) {
                whenReturned.run();
            }

            @Override
            public void renewed(Handout handout) {
                whenRenewed.run();
            }
        };
        Families families = new Families(core.ledger, Core.HASH, here, here, clock, Core.PLENTY, listener);
        leases = new Leases(families, timer, clock, new Renewal(() -> 0));
        holder = core.holder("ci", "acme", simulator.addAccount("ci", "acme"), (family, token, again) -> {});
    }

    @AfterEach
    void stop() {
        timer.shutdownNow();
        core.close();
        simulator.close();
    }

    @Test
    void aBlockThatOpensOnWhatIsLeftIsTold() throws Exception {
        leases.once(holder, TEN_MINUTES, "somebody");
        clock.advance(Duration.ofMinutes(55));
        simulator.inject(Fault.STATUS_429);
        Lease lease = leases.open(holder, TEN_MINUTES, block);
        assertThat(lease.bearer().remaining(clock.instant())).isEqualTo(Duration.ofMinutes(5));
        assertThat(block.warnings)
                .singleElement()
                .asString()
                .contains("HTTP 429")
                .endsWith("The bearer at hand serves until 2026-01-01T01:00:00Z.");
    }

    @Test
    void aBlockIsToldOfAnOddBearer() throws Exception {
        simulator.setClaimedOrganization("globex");
        leases.open(holder, TEN_MINUTES, block);
        assertThat(block.warnings).singleElement().asString().contains("'globex'", "'acme'");
    }

    @Test
    void nobodyIsToldOfWhatIsWell() throws Exception {
        leases.open(holder, TEN_MINUTES, block);
        clock.advance(Duration.ofMinutes(45));
        timer.fire();
        assertThat(simulator.grants()).isEqualTo(2);
        assertThat(block.warnings).isEmpty();
    }

    @Test
    void whatIsLeftCountsDownToItsEndAndTriesGoOnAfterIt() throws Exception {
        Lease lease = leases.open(holder, TEN_MINUTES, block);
        Bearer first = lease.bearer();
        for (int minutes : new int[] {45, 14, 2}) {
            clock.advance(Duration.ofMinutes(minutes));
            simulator.inject(Fault.STATUS_403);
            timer.fire();
        }
        assertThat(block.warnings).hasSize(3);
        assertThat(block.warnings.get(0))
                .startsWith("Renewal failed. The access token at hand serves for another 900 s. Credential 'ci'")
                .contains("HTTP 403");
        assertThat(block.warnings.get(1)).endsWith("The access token at hand serves for another 60 s.");
        assertThat(block.warnings.get(2)).endsWith("The access token at hand has expired.");
        assertThat(timer.pauses)
                .containsExactly(
                        Duration.ofMinutes(45), Duration.ofMinutes(1), Duration.ofSeconds(20), Duration.ofMinutes(1));
        timer.fire();
        assertThat(lease.bearer()).isNotEqualTo(first);
        assertThat(timer.pending()).isEqualTo(1);
    }

    /** A server may end the older one with the newer one; and asking for a longer one in vain would rotate the account. */
    @Test
    void aShorterAccessTokenReplacesTheOneAtHandAndIsRenewedInItsOwnTime() throws Exception {
        Lease lease = leases.open(holder, TEN_MINUTES, block);
        Bearer first = lease.bearer();
        clock.advance(Duration.ofMinutes(45));
        simulator.setLifetime(Duration.ofMinutes(5));
        timer.fire();
        Bearer shorter = lease.bearer();
        assertThat(shorter.expiresAt()).isBefore(first.expiresAt());
        assertThat(block.expected).containsExactly(first, shorter);
        assertThat(block.warnings).isEmpty();
        assertThat(timer.pauses).endsWith(Duration.ofMinutes(5).multipliedBy(3).dividedBy(4));
        assertThat(timer.pending()).isEqualTo(1);
        assertThat(simulator.grants()).isEqualTo(2);
        clock.advance(Duration.ofMinutes(1));
        Bearer asked = lease.refresh();
        assertThat(asked).isNotEqualTo(shorter);
        assertThat(simulator.grants()).isEqualTo(3);
    }

    @Test
    void whoHasSeenTheWholeTextOfAFailureGetsOneLineUntilItChanges() throws Exception {
        leases.open(holder, TEN_MINUTES, block);
        fail(Duration.ofMinutes(45), Fault.STATUS_403);
        fail(Duration.ofMinutes(1), Fault.STATUS_403);
        Block late = new Block();
        leases.open(holder, Duration.ZERO, late);
        fail(Duration.ofMinutes(1), Fault.STATUS_403);
        assertThat(block.warnings).hasSize(3);
        assertThat(block.warnings.get(0)).contains("HTTP 403", "serves for another 900 s");
        assertThat(block.warnings.get(1))
                .isEqualTo(
                        "Renewal failed again, for the same reason. The access token at hand serves for another 840 s.");
        assertThat(block.warnings.get(2)).endsWith("another 780 s.");
        assertThat(late.warnings).singleElement().asString().contains("HTTP 403");
        fail(Duration.ofMinutes(1), Fault.STATUS_429);
        assertThat(block.warnings.get(3)).contains("HTTP 429");
        clock.advance(Duration.ofMinutes(1));
        timer.fire();
        assertThat(block.warnings).hasSize(4);
        fail(Duration.ofMinutes(45), Fault.STATUS_429);
        assertThat(block.warnings.get(4)).as("after it worked").contains("HTTP 429");
    }

    private void fail(Duration later, Fault fault) {
        clock.advance(later);
        simulator.inject(fault);
        timer.fire();
    }

    @Test
    void aTenantThatThrowsKeepsTheOthersFromNothing() throws Exception {
        Tenant throwing = new Tenant() {
            @Override
            public String who() {
                return "throwing";
            }

            @Override
            public void expect(Bearer bearer) {}

            @Override
            public void warn(String message) {
                throw new IllegalStateException("a foreign filter of the log");
            }
        };
        leases.open(holder, TEN_MINUTES, throwing);
        Lease lease = leases.open(holder, TEN_MINUTES, block);
        Bearer first = lease.bearer();
        fail(Duration.ofMinutes(45), Fault.STATUS_429);
        assertThat(block.warnings).hasSize(1);
        assertThat(timer.pending()).isEqualTo(1);
        clock.advance(Duration.ofMinutes(1));
        timer.fire();
        assertThat(lease.bearer()).isNotEqualTo(first);
    }

    /** What cannot be masked must not be seen, and is tried again. */
    @Test
    void aTenantThatCannotMaskABearerGetsNoneAndRenewalGoesOn() throws Exception {
        boolean[] broken = new boolean[1];
        Tenant throwing = new Tenant() {
            @Override
            public String who() {
                return "throwing";
            }

            @Override
            public void expect(Bearer bearer) {
                if (broken[0]) {
                    throw new IllegalStateException("out of memory, perhaps");
                }
            }

            @Override
            public void warn(String message) {}
        };
        Lease lease = leases.open(holder, TEN_MINUTES, throwing);
        Bearer first = lease.bearer();
        broken[0] = true;
        clock.advance(Duration.ofMinutes(45));
        timer.fire();
        assertThat(lease.bearer()).isEqualTo(first);
        assertThat(timer.pauses).containsExactly(Duration.ofMinutes(45), Duration.ofMinutes(1));
        broken[0] = false;
        clock.advance(Duration.ofMinutes(1));
        timer.fire();
        assertThat(lease.bearer()).isNotEqualTo(first);
        assertThat(simulator.grants()).as("the one that could not be masked").isEqualTo(2);
    }

    @Test
    void aListenerThatThrowsKeepsNobodyFromABearer() throws Exception {
        whenRenewed = () -> {
            throw new IllegalStateException("an observer");
        };
        Lease lease = leases.open(holder, TEN_MINUTES, block);
        Bearer first = lease.bearer();
        clock.advance(Duration.ofMinutes(45));
        timer.fire();
        assertThat(lease.bearer()).isNotEqualTo(first);
        assertThat(timer.pending()).isEqualTo(1);
        clock.advance(Duration.ofMinutes(1));
        assertThat(lease.refresh()).isNotEqualTo(first);
        clock.advance(Duration.ofMinutes(55));
        leases.open(holder, TEN_MINUTES, block).close();
        whenReturned = whenRenewed;
        lease.close();
        assertThat(leases.bearers()).isZero();
        assertThat(timer.pending()).isZero();
    }

    /** It has no block to close, and is good until it expires. */
    @Test
    void anAccessTokenForOnceOutlivesTheLastBlock() throws Exception {
        SddcManager server = simulator.sddcManager();
        Lease lease = leases.open(sddc(), TEN_MINUTES, block);
        Bearer once = leases.once(sddc(), TEN_MINUTES, "somebody");
        lease.close();
        assertThat(server.isOpen(once.value())).isTrue();
        assertThat(leases.bearers()).isZero();
        assertThat(timer.pauses).endsWith(Duration.ofHours(1));
        clock.advance(Duration.ofHours(1));
        timer.fire();
        assertThat(server.openSessions()).as("when it has expired").isZero();
    }

    /** Timers count on while a machine is suspended, or do not; the wall clock tells when an access token ends. */
    @Test
    void reading_afterTwoHoursInWhichNoTimerRan_renewsAtOnce() throws Exception {
        Lease lease = leases.open(holder, TEN_MINUTES, block);
        Bearer first = lease.bearer();
        clock.advance(Duration.ofHours(2));
        // The renewal runs on this thread.
        assertThat(lease.bearer()).isNotEqualTo(first);
        assertThat(lease.bearer().isAlive(clock.instant())).isTrue();
        lease.awaitLiving(TEN_MINUTES);
        assertThat(simulator.grants()).isEqualTo(2);
        assertThat(timer.pending()).isEqualTo(1);
    }

    @Test
    void renewOverdue_afterTwoHoursInWhichNoTimerRan_renewsWhatNothingReads() throws Exception {
        leases.open(holder, TEN_MINUTES, block);
        leases.renewOverdue();
        assertThat(simulator.grants()).isEqualTo(1);
        clock.advance(Duration.ofHours(2));
        leases.renewOverdue();
        leases.renewOverdue();
        assertThat(simulator.grants()).isEqualTo(2);
        assertThat(block.expected).hasSize(2);
    }

    @Test
    void reading_whileTheServerFailsAfterASuspend_asksItNoMoreOftenThanTheTimer() throws Exception {
        Lease lease = leases.open(holder, TEN_MINUTES, block);
        clock.advance(Duration.ofHours(2));
        simulator.inject(Fault.STATUS_403);
        for (int i = 0; i < 5; i++) {
            lease.awaitLiving(TEN_MINUTES);
            assertThat(lease.bearer().isAlive(clock.instant())).isFalse();
        }
        assertThat(simulator.requests()).isEqualTo(2);
        clock.advance(Duration.ofMinutes(2));
        lease.awaitLiving(TEN_MINUTES);
        assertThat(lease.bearer().isAlive(clock.instant())).isTrue();
    }

    @Test
    void reading_ofABearerWhoseTimerIsALittleLate_renewsNothing() throws Exception {
        Lease lease = leases.open(holder, TEN_MINUTES, block);
        clock.advance(Duration.ofMinutes(45).plus(Renewal.OVERDUE));
        lease.bearer();
        leases.renewOverdue();
        assertThat(simulator.grants()).isEqualTo(1);
        clock.advance(Duration.ofMillis(1));
        lease.bearer();
        assertThat(simulator.grants()).isEqualTo(2);
    }

    @Test
    void renewChanged_whereAnotherTokenIsStored_isHeardByOpenBlocksAtOnce() throws Exception {
        StoredToken store = new StoredToken("folder:a", holder.token());
        Lease lease = leases.open(store.holder(core.service("acme")), TEN_MINUTES, block);
        Bearer first = lease.bearer();
        assertThat(store.get()).as("written back").isEqualTo(simulator.currentToken("ci"));
        leases.renewChanged(place -> true);
        assertThat(simulator.requests())
                .as("a rotated token is the same family's")
                .isEqualTo(1);
        store.type(simulator.reauthorize("ci"));
        leases.renewChanged(place -> place.context().equals("folder:b"));
        assertThat(lease.bearer()).isEqualTo(first);
        leases.renewChanged(place -> place.context().equals("folder:a"));
        assertThat(lease.bearer()).isNotEqualTo(first);
        assertThat(simulator.requests()).isEqualTo(2);
        leases.renewChanged(place -> true);
        assertThat(simulator.requests()).isEqualTo(2);
        lease.close();
        store.type(simulator.reauthorize("ci"));
        leases.renewChanged(place -> true);
        assertThat(simulator.requests()).as("no lease is open").isEqualTo(2);
    }

    @Test
    void renewChanged_ofAProviderWhoseTokenRotated_leavesItsOrganizationsTokensAlone() throws Exception {
        simulator.tenants().add("acme");
        StoredToken store = new StoredToken("system", simulator.addAccount("provider", "System"));
        Endpoint tenant = new Endpoint(VcfaRefresh.SYSTEM, simulator.url(), "acme");
        Holder provider = new Holder(
                "sa",
                store.place(),
                store.get(),
                core.service("System"),
                store,
                bearer -> core.patient(new VcfaOrganizationToken(core.client(), tenant, bearer)));
        Lease lease = leases.open(provider, TEN_MINUTES, block);
        Bearer first = lease.bearer();
        assertThat(store.get()).isEqualTo(simulator.currentToken("provider"));
        leases.renewChanged(place -> true);
        assertThat(simulator.rotations()).isEqualTo(1);
        assertThat(lease.bearer()).isEqualTo(first);
        store.type(simulator.reauthorize("provider"));
        clock.advance(Duration.ofSeconds(1));
        leases.renewChanged(place -> true);
        assertThat(lease.bearer()).isNotEqualTo(first);
        assertThat(simulator.rotations()).isEqualTo(2);
        leases.renewChanged(place -> true);
        assertThat(simulator.rotations()).isEqualTo(2);
    }

    @Test
    void aRenewalWhileJenkinsGoesDownSaysSo() throws Exception {
        leases.open(holder, TEN_MINUTES, block);
        clock.advance(Duration.ofMinutes(45));
        goingDown = true;
        timer.fire();
        assertThat(block.warnings).singleElement().asString().contains("Jenkins is shutting down");
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void aStoreThatCannotBeLookedIntoIsSaid() throws Exception {
        TokenKeeper broken = new TokenKeeper() {
            @Override
            public void keep(Predicate<String> sameFamily, String current, boolean again) {}

            @Override
            public String stored(Endpoint endpoint) {
                throw new IllegalStateException("the store is gone");
            }
        };
        leases.open(core.holder("ci", "acme", holder.token(), broken), TEN_MINUTES, block);
        clock.advance(Duration.ofMinutes(45));
        timer.fire();
        assertThat(block.warnings).singleElement().asString().endsWith(" the store is gone");
        assertThat(timer.pending()).isEqualTo(1);
    }

    @Test
    void aBlockOpensAndClosesWithoutATimer() throws Exception {
        timer.shutdownNow();
        Lease lease = leases.open(holder, TEN_MINUTES, block);
        assertThat(lease.bearer().isAlive(clock.instant())).isTrue();
        lease.close();
        assertThat(leases.bearers()).isZero();
    }

    @Test
    void aTimerThatComesTooLateRenewsNothing() throws Exception {
        leases.open(holder, TEN_MINUTES, block).close();
        clock.advance(Duration.ofMinutes(45));
        timer.fireWhateverCame();
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void aBlockThatClosesDuringItsRenewalLeavesNoTimerBehind() throws Exception {
        Lease[] open = new Lease[1];
        simulator.setWitness(moment -> {
            if (open[0] != null) {
                open[0].close();
            }
        });
        open[0] = leases.open(holder, TEN_MINUTES, block);
        clock.advance(Duration.ofMinutes(45));
        timer.fire();
        assertThat(simulator.grants()).isEqualTo(2);
        assertThat(leases.bearers()).isZero();
        assertThat(timer.pauses).hasSize(1);
        assertThat(timer.pending()).isZero();
    }

    @Test
    void aBlockThatOpensOnAnOlderBearerGetsTheSharedOne() throws Exception {
        Lease first = leases.open(sddc(), TEN_MINUTES, new Block());
        Holder late = during(sddc(), () -> {
            clock.advance(Duration.ofMinutes(1));
            first.refresh();
        });
        Lease second = leases.open(late, TEN_MINUTES, block);
        assertThat(second.bearer()).isEqualTo(first.bearer());
        assertThat(block.expected).containsExactly(first.bearer());
        assertThat(simulator.sddcManager().renewals()).isEqualTo(1);
    }

    /** Between leaving and being forgotten, the last one's bearer is still there to be found. */
    @Test
    void aBlockThatOpensAsTheLastOneLeavesSharesNothingWithIt() throws Exception {
        Holder user = sddc();
        SddcManager server = simulator.sddcManager();
        Lease first = leases.open(user, TEN_MINUTES, new Block());
        Lease[] second = new Lease[1];
        whenReturned = () -> {
            whenReturned = () -> {};
            try {
                second[0] = leases.open(user, TEN_MINUTES, block);
            } catch (FamilyException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        };
        first.close();
        assertThat(leases.list()).containsExactly(new OpenLease(user.place(), block.who()));
        assertThat(server.isOpen(second[0].bearer().value())).isTrue();
        clock.advance(Duration.ofMinutes(45));
        Bearer before = second[0].bearer();
        timer.fire();
        assertThat(second[0].bearer()).isNotEqualTo(before);
        second[0].close();
        assertThat(leases.bearers()).isZero();
        assertThat(server.openSessions()).isZero();
    }

    @Test
    void aBlockThatGetsNoBearerOfItsOwnHoldsNothing() throws Exception {
        SddcManager server = simulator.sddcManager();
        Lease first = leases.open(sddc(), TEN_MINUTES, new Block());
        Holder late = during(sddc(), () -> {
            first.close();
            assertThat(server.openSessions()).isZero();
            server.addUser("svc@vsphere.local", "changed-meanwhile");
        });
        assertThatThrownBy(() -> leases.open(late, TEN_MINUTES, block))
                .isInstanceOf(FamilyException.class)
                .hasMessageContaining("refuses the stored secret");
        assertThat(leases.bearers()).isZero();
        assertThat(timer.pending()).isZero();
    }

    @Test
    void aPersonRenewsWithoutAnyBlock() throws Exception {
        Bearer first = leases.once(holder, TEN_MINUTES, "somebody");
        assertThat(simulator.bearers()).containsExactly(first.value());
        clock.advance(Duration.ofSeconds(1));
        Bearer second = leases.renew(holder);
        assertThat(second).isNotEqualTo(first);
        assertThat(leases.renew(holder)).as("asked for at the same moment").isEqualTo(second);
        assertThat(simulator.grants()).isEqualTo(2);
        assertThat(leases.bearers()).isZero();
    }

    @Test
    void whatIsLeftIsEnoughToTheSecond() throws Exception {
        Bearer first = leases.once(holder, TEN_MINUTES, "somebody");
        clock.advance(Duration.ofMinutes(50));
        assertThat(leases.once(holder, TEN_MINUTES, "somebody")).isEqualTo(first);
        clock.advance(Duration.ofSeconds(1));
        assertThat(leases.once(holder, TEN_MINUTES, "somebody")).isNotEqualTo(first);
        assertThat(simulator.grants()).isEqualTo(2);
    }

    /** Somebody who is no block may have had the family's bearer renewed. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aNewerBearerThatIsThereAlreadyCostsNoExchange(boolean byTimer) throws Exception {
        Lease lease = leases.open(holder, TEN_MINUTES, block);
        clock.advance(Duration.ofMinutes(45));
        Bearer newer = leases.once(holder, Duration.ofMinutes(30), "somebody");
        assertThat(lease.bearer()).isNotEqualTo(newer);
        if (byTimer) {
            timer.fire();
        } else {
            lease.refresh();
        }
        assertThat(lease.bearer()).isEqualTo(newer);
        assertThat(simulator.grants()).isEqualTo(2);
        assertThat(block.warnings).isEmpty();
    }

    @Test
    void aRenewalThatBroughtNothingIsAFailureWhateverIsLeft() throws Exception {
        leases.open(holder, TEN_MINUTES, block);
        clock.advance(Duration.ofSeconds(1));
        simulator.inject(Fault.STATUS_429);
        assertThatThrownBy(() -> leases.renew(holder))
                .isInstanceOf(FamilyException.class)
                .hasMessageContaining("HTTP 429");
    }

    @Test
    void aTrialOfAStoredSecretEndsItsSessionUnlessABlockHasIt() throws Exception {
        SddcManager server = simulator.sddcManager();
        Holder stored = sddc();
        Supply tried = leases.trial(stored, true);
        assertThat(leases.trial(stored, true).bearer()).isNotEqualTo(tried.bearer());
        assertThat(server.openSessions()).isZero();
        assertThat(server.releases()).isEqualTo(2);
        try (Lease lease = leases.open(stored, TEN_MINUTES, block)) {
            clock.advance(Duration.ofSeconds(1));
            leases.trial(stored, true);
            assertThat(leases.trial(typed(stored), false).bearer().isAlive(clock.instant()))
                    .isTrue();
            assertThat(server.openSessions()).isEqualTo(1);
            assertThat(lease.bearer().isAlive(clock.instant())).isTrue();
        }
        assertThat(server.openSessions()).isZero();
    }

    @Test
    void aTrialThatFailsLeavesNothingBehindEither() throws Exception {
        Holder typed = typed(sddc());
        leases.trial(typed, false);
        assertThat(simulator.sddcManager().openSessions()).isZero();
        simulator.inject(Fault.STATUS_403);
        assertThatThrownBy(() -> leases.trial(typed, false)).isInstanceOf(FamilyException.class);
        leases.trial(typed, false);
        assertThat(simulator.sddcManager().logins()).isEqualTo(2);
        assertThat(simulator.sddcManager().openSessions()).isZero();
    }

    /** A loop that asks on each 401 gets one exchange in ten seconds, whether it works or not. */
    @Test
    void tenSecondsAreTenSeconds() throws Exception {
        Lease lease = leases.open(holder, TEN_MINUTES, block);
        clock.advance(Renewal.REFRESH_PAUSE.minusMillis(1));
        Bearer first = lease.bearer();
        assertThat(lease.refresh()).isEqualTo(first);
        clock.advance(Duration.ofMillis(1));
        simulator.inject(Fault.STATUS_429);
        assertThatThrownBy(lease::refresh).hasMessageContaining("HTTP 429");
        clock.advance(Renewal.REFRESH_PAUSE.minusMillis(1));
        assertThatThrownBy(lease::refresh).hasMessageContaining("less than 10 s ago");
        clock.advance(Duration.ofMillis(1));
        Bearer second = lease.refresh();
        assertThat(second).isNotEqualTo(first);
        assertThat(simulator.requests()).isEqualTo(3);
        clock.advance(Renewal.REFRESH_PAUSE);
        assertThat(lease.refresh()).as("the failure is forgotten").isNotEqualTo(second);
    }

    private Holder sddc() {
        simulator.sddcManager().addUser("svc@vsphere.local", "a-password-of-sddc-manager");
        return core.holder("sddc", core.sddcManager("svc@vsphere.local"), "a-password-of-sddc-manager");
    }

    private static Holder typed(Holder stored) {
        return new Holder("typed", Place.ofUnsaved("system"), stored.token(), stored.service(), stored.keeper());
    }

    /** The same, for whom something happens just before a warm bearer is handed out, once. */
    private static Holder during(Holder holder, Watched.Step step) {
        boolean[] done = new boolean[1];
        Watched watched = new Watched(holder.service(), () -> {
            if (!done[0]) {
                done[0] = true;
                step.run();
            }
        });
        return new Holder(holder.name(), holder.place(), holder.token(), watched, holder.keeper());
    }
}
