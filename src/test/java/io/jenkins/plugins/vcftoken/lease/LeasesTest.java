package io.jenkins.plugins.vcftoken.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.MutableClock;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.exchange.TokenService;
import io.jenkins.plugins.vcftoken.family.Families;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.family.FamilyRecord;
import io.jenkins.plugins.vcftoken.family.Holder;
import io.jenkins.plugins.vcftoken.family.Place;
import io.jenkins.plugins.vcftoken.family.TokenKeeper;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.SddcManager;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LeasesTest {

    private static final Duration TEN_MINUTES = Duration.ofMinutes(10);

    @TempDir
    private Path directory;

    private final MutableClock clock = new MutableClock();
    private final ManualTimer timer = new ManualTimer();
    private Simulator simulator;
    private Core core;
    private Leases leases;
    private Holder holder;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start(clock, 0);
        core = new Core(directory, simulator, clock);
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
    void aPersonRenewsAtOnceAndOpenBlocksGetTheBearer() throws Exception {
        assertThat(leases.list()).isEmpty();
        Block block = new Block();
        Lease lease = leases.open(holder, TEN_MINUTES, block);
        Bearer first = lease.bearer();
        assertThat(leases.list()).containsExactly(new OpenLease(holder.place(), block.who()));
        clock.advance(Duration.ofSeconds(1));
        Bearer renewed = leases.renew(holder);
        assertThat(renewed).isNotEqualTo(first);
        assertThat(lease.bearer()).isEqualTo(renewed);
        assertThat(block.expected).containsExactly(first, renewed);
        assertThat(simulator.grants()).isEqualTo(2);
        clock.advance(Duration.ofSeconds(1));
        simulator.inject(Fault.STATUS_403);
        assertThatThrownBy(() -> leases.renew(holder)).isInstanceOf(FamilyException.class);
        assertThat(lease.bearer()).isEqualTo(renewed);
        lease.close();
        assertThat(leases.list()).isEmpty();
    }

    @Test
    void renewedAtThreeQuartersAndMaskedBeforeItIsSeen() throws Exception {
        Block block = new Block();
        Lease lease = leases.open(holder, TEN_MINUTES, block);
        block.lease = lease;
        Bearer first = lease.bearer();
        assertThat(timer.pauses).containsExactly(Duration.ofMinutes(45));
        clock.advance(Duration.ofMinutes(45));
        timer.fire();
        await(() -> lease.bearer() != first);
        assertThat(block.expected).containsExactly(first, lease.bearer());
        assertThat(block.visibleWhenExpected).containsExactly(null, first);
        assertThat(simulator.bearers()).hasSize(2);
        lease.close();
    }

    /** Whoever saves a large store holds it for a second, and the timer is everybody's. */
    @Test
    void theTimersThreadDoesNotLookIntoTheStore() throws Exception {
        List<Thread> lookers = new CopyOnWriteArrayList<>();
        TokenKeeper keeper = new TokenKeeper() {
            @Override
            public void keep(Predicate<String> sameFamily, String current, boolean again) {}

            @Override
            public String stored(Endpoint endpoint) {
                lookers.add(Thread.currentThread());
                return null;
            }
        };
        Holder kept = new Holder(holder.name(), holder.place(), holder.token(), holder.service(), keeper);
        Lease lease = leases.open(kept, TEN_MINUTES, new Block());
        Bearer first = lease.bearer();
        clock.advance(Duration.ofMinutes(45));
        timer.fire();
        await(() -> lease.bearer() != first);
        assertThat(lookers).hasSize(1).doesNotContain(Thread.currentThread());
    }

    @Test
    void aTrialExchangesWhateverIsWarmAndTellsWhetherTheTokenRotated() throws Exception {
        leases.once(holder, TEN_MINUTES, "somebody");
        clock.advance(Duration.ofSeconds(1));
        assertThat(leases.trial(holder, true).rotated()).isTrue();
        assertThat(simulator.rotations()).isEqualTo(2);
        simulator.setRotation("ci", false);
        clock.advance(Duration.ofSeconds(1));
        assertThat(leases.trial(holder, true).rotated()).isFalse();
        assertThat(simulator.grants()).isEqualTo(3);
        assertThat(simulator.reuses()).isZero();
    }

    @Test
    void aTrialOfWhatIsNotStoredLeavesNothingBehind() throws Exception {
        SddcManager sddc = simulator.sddcManager();
        sddc.addUser("svc@vsphere.local", "pass");
        Holder typed = typed(core.sddcManager("svc@vsphere.local"), "pass");
        leases.trial(typed, false);
        await(() -> sddc.releases() == 1);
        assertThat(sddc.openSessions()).isZero();
        assertThat(core.ledger.loadAll()).isEmpty();
        leases.trial(typed, false);
        assertThat(sddc.logins()).isEqualTo(2);
    }

    @Test
    void aTrialDoesNotEndTheSessionOfABlock() throws Exception {
        SddcManager sddc = simulator.sddcManager();
        sddc.addUser("svc@vsphere.local", "pass");
        Holder saved = core.holder("sddc", core.sddcManager("svc@vsphere.local"), "pass");
        // What is done later is done at once here, so that there is nothing to wait for that should not happen.
        Families families = new Families(core.ledger, Core.HASH, Runnable::run, Runnable::run, clock, Core.PLENTY);
        Leases prompt = new Leases(families, timer, clock, new Renewal(() -> 0));
        try (Lease lease = prompt.open(saved, TEN_MINUTES, new Block())) {
            clock.advance(Duration.ofSeconds(1));
            prompt.trial(saved, true);
            prompt.trial(typed(core.sddcManager("svc@vsphere.local"), "pass"), false);
            assertThat(sddc.releases()).isZero();
            assertThat(lease.bearer().isAlive(clock.instant())).isTrue();
        }
        assertThat(sddc.openSessions()).isZero();
    }

    @Test
    void aWrongPasswordInAFormIsNotSentTwice() {
        simulator.sddcManager().addUser("svc@vsphere.local", "pass");
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> leases.trial(typed(core.sddcManager("svc@vsphere.local"), "wrong"), false))
                    .hasMessageContaining("refuses the stored secret");
        }
        assertThat(simulator.sddcManager().refusedLogins()).isEqualTo(1);
    }

    @Test
    void aSecretThatCameBackDifferentFromATrialIsFoundWhenTheFormIsSaved() throws Exception {
        simulator.cloudServices().addApiToken("api-token-one", Instant.parse("2099-01-01T00:00:00Z"));
        simulator.cloudServices().replaceAtNextUse("api-token-one", "api-token-two");
        assertThat(leases.trial(typed(core.cspApiToken(), "api-token-one"), false)
                        .rotated())
                .isTrue();
        clock.advance(Duration.ofHours(2));
        leases.once(core.holder("saved", core.cspApiToken(), "api-token-one"), TEN_MINUTES, "somebody");
        Place elsewhere = new Place("folder:other", "saved");
        Holder other = new Holder("x", elsewhere, "api-token-one", core.cspApiToken(), (family, token, again) -> {});
        assertThatThrownBy(() -> leases.once(other, TEN_MINUTES, "somebody")).hasMessageContaining("stored elsewhere");
        assertThat(core.ledger.loadAll())
                .singleElement()
                .satisfies(record -> assertThat(record.places()).containsExactly(new Place("system", "saved")));
    }

    private static Holder typed(TokenService service, String secret) {
        return new Holder("typed", Place.ofUnsaved("system"), secret, service, (family, token, again) -> {});
    }

    @Test
    void leasesOfAFamilyShareOneBearerAndOneTimer() throws Exception {
        List<Lease> open = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            open.add(leases.open(holder, TEN_MINUTES, new Block()));
        }
        assertThat(timer.pauses).hasSize(1);
        assertThat(simulator.requests()).isEqualTo(1);
        open.subList(1, 100).forEach(Lease::close);
        assertThat(leases.bearers()).isEqualTo(1);
        open.get(0).close();
        open.get(0).close();
        assertThat(leases.bearers()).isZero();
        assertThat(timer.isPending()).isFalse();
    }

    @Test
    void aBlockDoesNotStartOnABearerAboutToExpire() throws Exception {
        leases.open(holder, TEN_MINUTES, new Block()).close();
        clock.advance(Duration.ofMinutes(51));
        Lease second = leases.open(holder, TEN_MINUTES, new Block());
        assertThat(second.bearer().remaining(clock.instant())).isEqualTo(Duration.ofHours(1));
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void aShortLivedBearerIsGoodForHalfItsLife() throws Exception {
        simulator.setLifetime(Duration.ofMinutes(4));
        leases.open(holder, TEN_MINUTES, new Block()).close();
        clock.advance(Duration.ofMinutes(1));
        leases.open(holder, TEN_MINUTES, new Block()).close();
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void aBlockThatOpensLaterBringsItsFresherBearerToAll() throws Exception {
        Block early = new Block();
        Lease first = leases.open(holder, TEN_MINUTES, early);
        clock.advance(Duration.ofMinutes(55));
        Lease second = leases.open(holder, TEN_MINUTES, new Block());
        assertThat(first.bearer()).isEqualTo(second.bearer());
        assertThat(early.expected).contains(second.bearer());
    }

    @Test
    void aFailedRenewalWarnsAndIsTriedAgain() throws Exception {
        Block block = new Block();
        Lease lease = leases.open(holder, TEN_MINUTES, block);
        Bearer first = lease.bearer();
        clock.advance(Duration.ofMinutes(45));
        simulator.inject(Fault.STATUS_429);
        timer.fire();
        await(() -> !block.warnings.isEmpty());
        assertThat(lease.bearer()).isEqualTo(first);
        assertThat(block.warnings)
                .singleElement()
                .asString()
                .contains("serves for another 900 s")
                .contains("HTTP 429");
        assertThat(timer.pauses.get(1)).isEqualTo(Renewal.MAX_RETRY_PAUSE);
        clock.advance(Renewal.MAX_RETRY_PAUSE);
        fireUntil(() -> lease.bearer() != first);
    }

    @Test
    void aBlockThatOpensAfterALostAnswer_waitsForTheOneMoreRequest() throws Exception {
        simulator.inject(Fault.STATUS_502);
        Block block = new Block();
        CompletableFuture<Lease> opening = CompletableFuture.supplyAsync(() -> {
            try {
                return leases.open(holder, TEN_MINUTES, block);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        await(() -> timer.pauses.size() == 1);
        assertThat(timer.pauses).containsExactly(Core.PLENTY);
        assertThat(block.warnings).singleElement().asString().endsWith("This block waits until then.");
        clock.advance(Core.PLENTY);
        timer.fire();
        assertThat(opening.get(Core.PLENTY.toSeconds(), TimeUnit.SECONDS)
                        .bearer()
                        .isAlive(clock.instant()))
                .isTrue();
        assertThat(simulator.requests()).isEqualTo(2);
        assertThat(simulator.repeatsWhileAlive()).isZero();
    }

    @Test
    void aLostAnswerToARenewal_healsBeforeTheAccessTokenEnds() throws Exception {
        Lease lease = leases.open(holder, TEN_MINUTES, new Block());
        Bearer first = lease.bearer();
        clock.advance(Duration.ofMinutes(45));
        simulator.inject(Fault.STATUS_502);
        timer.fire();
        await(() -> timer.pauses.size() == 2);
        while (clock.instant().isBefore(first.expiresAt().minusSeconds(15))) {
            int tries = timer.pauses.size();
            clock.advance(timer.pauses.get(tries - 1));
            fireUntil(() -> timer.pauses.size() > tries);
        }
        await(() -> lease.bearer() != first);
        assertThat(first.remaining(clock.instant())).isEqualTo(Duration.ofSeconds(15));
        assertThat(simulator.requests()).isEqualTo(3);
        assertThat(simulator.repeatsWhileAlive()).isZero();
    }

    @Test
    void aBlockThatOpensWhenTheNextRequestIsFarAway_failsAndSaysWhenItIsDue() throws Exception {
        simulator.setRetryAfter(Duration.ofHours(1));
        simulator.inject(Fault.STATUS_503_RETRY_AFTER_0);
        assertThatThrownBy(() -> leases.open(holder, TEN_MINUTES, new Block()))
                .hasMessageContaining("is sent once more at 2026-01-01T01:00:00Z");
        assertThat(timer.pauses).isEmpty();
    }

    @Test
    void refreshRenewsAtOnceAndMovesTheTimer() throws Exception {
        Block block = new Block();
        Lease lease = leases.open(holder, TEN_MINUTES, block);
        Bearer first = lease.bearer();
        clock.advance(Duration.ofMinutes(20));
        Bearer second = lease.refresh();
        assertThat(second).isNotEqualTo(first).isEqualTo(lease.bearer());
        assertThat(block.expected).containsExactly(first, second);
        assertThat(timer.pauses).containsExactly(Duration.ofMinutes(45), Duration.ofMinutes(45));
        assertThat(timer.pending()).isEqualTo(1);
    }

    /** Of a bearer from the future nobody knows when it ends. */
    @Test
    void afterTheClockWasSetBackOneExchangePutsAllRight() throws Exception {
        Block block = new Block();
        Lease lease = leases.open(holder, TEN_MINUTES, block);
        Bearer before = lease.bearer();
        clock.advance(Duration.ofHours(-2));
        Bearer refreshed = lease.refresh();
        assertThat(refreshed).isNotEqualTo(before).isEqualTo(lease.bearer());
        assertThat(leases.open(holder, TEN_MINUTES, new Block()).bearer()).isEqualTo(refreshed);
        assertThat(leases.once(holder, TEN_MINUTES, "who")).isEqualTo(refreshed);
        assertThat(simulator.requests()).isEqualTo(2);

        clock.advance(Duration.ofHours(-2));
        timer.fire();
        await(() -> !lease.bearer().equals(refreshed));
        assertThat(leases.open(holder, TEN_MINUTES, new Block()).bearer()).isEqualTo(lease.bearer());
        assertThat(simulator.requests()).isEqualTo(3);
        assertThat(timer.pending()).isEqualTo(1);
    }

    @Test
    void refreshLeavesABearerOfLessThanTenSecondsAlone() throws Exception {
        Lease lease = leases.open(holder, TEN_MINUTES, new Block());
        Bearer first = lease.bearer();
        assertThat(lease.refresh()).isEqualTo(first);
        clock.advance(Duration.ofSeconds(9));
        assertThat(lease.refresh()).isEqualTo(first);
        clock.advance(Duration.ofSeconds(2));
        assertThat(lease.refresh()).isNotEqualTo(first);
        assertThat(leases.open(holder, TEN_MINUTES, new Block()).refresh()).isEqualTo(lease.bearer());
        assertThat(simulator.requests()).isEqualTo(2);
    }

    /** Also after the clock was set back, when the bearer that all have seems to last longer than any new one. */
    @ParameterizedTest
    @ValueSource(ints = {1, -120})
    void manyRefreshesAtOnceAreOneExchange(int minutes) throws Exception {
        List<Lease> open = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            open.add(leases.open(holder, TEN_MINUTES, new Block()));
        }
        clock.advance(Duration.ofMinutes(minutes));
        simulator.setDelay(Duration.ofMillis(200));
        List<Thread> threads = new ArrayList<>();
        List<Bearer> got = new CopyOnWriteArrayList<>();
        for (Lease lease : open) {
            Thread thread = new Thread(() -> {
                try {
                    got.add(lease.refresh());
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(got).hasSize(10).containsOnly(open.get(0).bearer());
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void aFailedRefreshIsNotRepeatedAtOnceAndTheBearerServesOn() throws Exception {
        Lease lease = leases.open(holder, TEN_MINUTES, new Block());
        Bearer first = lease.bearer();
        clock.advance(Duration.ofMinutes(1));
        simulator.inject(Fault.STATUS_429);
        assertThatThrownBy(lease::refresh).isInstanceOf(FamilyException.class).hasMessageContaining("HTTP 429");
        assertThatThrownBy(lease::refresh)
                .isInstanceOf(FamilyException.class)
                .hasMessageContaining("less than 10 s ago");
        assertThat(lease.bearer()).isEqualTo(first);
        assertThat(simulator.requests()).isEqualTo(2);
        clock.advance(Duration.ofSeconds(11));
        assertThat(lease.refresh()).isNotEqualTo(first);
    }

    @Test
    void aTokenTypedInMidBlockCountsFromTheNextRenewal() throws Exception {
        AtomicReference<String> store = new AtomicReference<>(holder.token());
        TokenKeeper keeper = new TokenKeeper() {
            @Override
            public void keep(Predicate<String> sameFamily, String current, boolean again) {
                store.updateAndGet(stored -> sameFamily.test(stored) ? current : stored);
            }

            @Override
            public String stored(Endpoint endpoint) {
                return store.get();
            }
        };
        Lease lease = leases.open(core.holder("ci", "acme", store.get(), keeper), TEN_MINUTES, new Block());
        Bearer first = lease.bearer();
        store.set(simulator.reauthorize("ci"));
        clock.advance(Duration.ofMinutes(45));
        timer.fire();
        await(() -> lease.bearer() != first);
        core.awaitWriteBacks();
        assertThat(store.get()).isEqualTo(simulator.currentToken("ci"));
        assertThat(simulator.reuses()).isZero();
    }

    @Test
    void aClosedLeaseIsNotRenewed() throws Exception {
        leases.open(holder, TEN_MINUTES, new Block()).close();
        clock.advance(Duration.ofMinutes(45));
        timer.fire();
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void aSessionEndsWithItsLastLease() throws Exception {
        SddcManager sddc = simulator.sddcManager();
        Holder user = sddcUser();
        Lease one = leases.open(user, TEN_MINUTES, new Block());
        Lease two = leases.open(user, TEN_MINUTES, new Block());
        clock.advance(Duration.ofMinutes(45));
        Bearer first = one.bearer();
        timer.fire();
        await(() -> two.bearer() != first);
        assertThat(sddc.renewals()).isEqualTo(1);
        one.close();
        assertThat(sddc.openSessions()).isEqualTo(1);
        two.close();
        two.close();
        await(() -> sddc.releases() == 1);
        assertThat(sddc.openSessions()).isZero();
    }

    /** The health pages read it there; an access token that was revoked at the server is of no other use. */
    @Test
    void aRecordWhoseSessionHasEndedStillTellsWhenItWasRenewedAndHasNoAccessToken() throws Exception {
        Holder user = sddcUser();
        Lease lease = leases.open(user, TEN_MINUTES, new Block());
        Instant renewed = lease.bearer().issuedAt();
        lease.close();
        await(() -> simulator.sddcManager().releases() == 1);
        for (Duration later : List.of(Duration.ZERO, Duration.ofSeconds(30), Duration.ofHours(3))) {
            clock.advance(later);
            FamilyRecord record = core.families.survey().of(user.service().endpoint(), user.token(), user.place());
            assertThat(record.bearer()).isNotNull();
            assertThat(record.bearer().issuedAt()).isEqualTo(renewed);
            assertThat(record.bearer().value()).isEmpty();
            assertThat(record.bearer().isAlive(clock.instant())).isFalse();
            assertThat(record.bearer().isAlive(renewed.minusSeconds(30)))
                    .as("after the clock was set back")
                    .isFalse();
        }
        assertThat(core.families.atHand(user)).isNull();
    }

    @Test
    void theNextBlockLogsInAnew() throws Exception {
        SddcManager sddc = simulator.sddcManager();
        Holder user = sddcUser();
        Lease first = leases.open(user, TEN_MINUTES, new Block());
        first.close();
        await(() -> sddc.releases() == 1);
        Lease second = leases.open(user, TEN_MINUTES, new Block());
        assertThat(second.bearer()).isNotEqualTo(first.bearer());
        assertThat(sddc.logins()).isEqualTo(2);
        second.close();
        await(() -> sddc.releases() == 2);
    }

    @Test
    void blocksThatComeAndGoNeverHoldASessionThatEnded() throws Exception {
        SddcManager sddc = simulator.sddcManager();
        Holder user = sddcUser();
        ExecutorService builds = Executors.newFixedThreadPool(8);
        List<Future<Boolean>> done = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            done.add(builds.submit(() -> {
                try (Lease lease = leases.open(user, TEN_MINUTES, new Block())) {
                    return sddc.isOpen(lease.bearer().value());
                }
            }));
        }
        for (Future<Boolean> build : done) {
            assertThat(build.get()).isTrue();
        }
        builds.shutdown();
        await(() -> sddc.openSessions() == 0);
        assertThat(simulator.violations()).isEmpty();
    }

    @Test
    void aBlockThatOpensWhileTheLastOneClosesGetsABearerOfItsOwn() throws Exception {
        SddcManager sddc = simulator.sddcManager();
        Holder user = sddcUser();
        Lease first = leases.open(user, TEN_MINUTES, new Block());
        TokenService closing = new Watched(user.service(), () -> {
            first.close();
            await(() -> sddc.releases() == 1);
        });
        Lease second = leases.open(
                new Holder(user.name(), user.place(), user.token(), closing, user.keeper()), TEN_MINUTES, new Block());
        assertThat(sddc.isOpen(second.bearer().value())).isTrue();
        assertThat(sddc.logins()).isEqualTo(2);
        second.close();
        await(() -> sddc.openSessions() == 0);
    }

    @Test
    void aServerThatDoesNotLetGoHarmsNobody() throws Exception {
        Holder user = sddcUser();
        Lease lease = leases.open(user, TEN_MINUTES, new Block());
        simulator.inject(Fault.STATUS_500);
        lease.close();
        await(() -> simulator.requests() == 2);
        leases.open(user, TEN_MINUTES, new Block()).close();
    }

    @Test
    void whoeverAsksWhileARenewalRuns_waitsForThatOne() throws Exception {
        Lease lease = leases.open(holder, TEN_MINUTES, new Block());
        Bearer first = lease.bearer();
        clock.advance(Duration.ofHours(2));
        simulator.setDelay(Duration.ofMillis(300));
        assertThat(lease.bearer()).as("from memory").isEqualTo(first);
        timer.fire();
        leases.renewOverdue();
        lease.awaitLiving(Core.PLENTY);
        assertThat(lease.bearer().isAlive(clock.instant())).isTrue();
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void whoWaitsNoLonger_hasTheOldAccessToken() throws Exception {
        Lease lease = leases.open(holder, TEN_MINUTES, new Block());
        Bearer first = lease.bearer();
        clock.advance(Duration.ofHours(2));
        simulator.setDelay(Duration.ofMillis(300));
        lease.awaitLiving(Duration.ZERO);
        assertThat(lease.bearer()).isEqualTo(first);
        await(() -> lease.bearer() != first);
    }

    @Test
    void anotherTokenThatIsStoredWhileARenewalRuns_isTakenAfterIt() throws Exception {
        StoredToken store = new StoredToken("system", holder.token());
        Lease lease = leases.open(store.holder(core.service("acme")), TEN_MINUTES, new Block());
        core.awaitWriteBacks();
        clock.advance(Duration.ofMinutes(45));
        simulator.setDelay(Duration.ofMillis(300));
        timer.fire();
        await(() -> simulator.requests() == 2);
        store.type(simulator.addAccount("typed", "acme"));
        leases.renewChanged(place -> true);
        await(() -> simulator.isIssuedTo("typed", lease.bearer().value()));
        assertThat(simulator.requests()).isEqualTo(3);
    }

    @Test
    void aRenewalByAPersonLeavesBlocksOfOtherAccountsAlone() throws Exception {
        Holder other =
                core.holder("other", "acme", simulator.addAccount("other", "acme"), (family, token, again) -> {});
        Lease lease = leases.open(other, TEN_MINUTES, new Block());
        Bearer its = lease.bearer();
        leases.renew(holder);
        assertThat(lease.bearer()).isEqualTo(its);
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void anAccessTokenForOnceThatHasEnded_keepsNoSession() throws Exception {
        Holder user = sddcUser();
        leases.once(user, TEN_MINUTES, "a step");
        clock.advance(Duration.ofHours(2));
        Lease lease = leases.open(user, TEN_MINUTES, new Block());
        lease.close();
        await(() -> simulator.sddcManager().openSessions() == 0);
        leases.once(user, TEN_MINUTES, "a step");
        clock.advance(Duration.ofHours(2));
        leases.once(user, TEN_MINUTES, "a step");
        assertThat(simulator.sddcManager().openSessions()).isEqualTo(1);
    }

    @Test
    void aBlockThatOpensOnARefusedToken_failsAtOnce() {
        simulator.revoke("ci");
        assertThatThrownBy(() -> leases.open(holder, TEN_MINUTES, new Block()))
                .isInstanceOfSatisfying(
                        FamilyException.class, e -> assertThat(e.retry()).isNull());
        assertThat(timer.pauses).isEmpty();
    }

    private Holder sddcUser() {
        simulator.sddcManager().addUser("svc@vsphere.local", "a-password-of-sddc-manager");
        return core.holder("sddc", core.sddcManager("svc@vsphere.local"), "a-password-of-sddc-manager");
    }

    /** A renewal sets the timer before it is over, and one that runs is not begun again. */
    private void fireUntil(BooleanSupplier condition) throws InterruptedException {
        await(() -> {
            timer.fire();
            return condition.getAsBoolean();
        });
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + Core.PLENTY.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.sleep(5);
        }
    }
}
