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
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** When a refresh token whose answer was lost is sent once more, and what comes of that. */
class LostAnswerTest {

    private static final Predicate<Bearer> ANY = bearer -> true;
    private static final Predicate<Bearer> NEWER = bearer -> false;
    private static final Duration LIFETIME = Duration.ofHours(1);

    @TempDir
    private Path directory;

    private final MutableClock clock = new MutableClock();
    private final List<String> heard = new ArrayList<>();
    private final TokenListener listener = new TokenListener() {
        @Override
        public void granted(Holder of, FamilyRecord before, FamilyRecord after, Duration took) {
            heard.add(before.state() + " to " + after.state());
        }

        @Override
        public void failed(Holder of, FamilyRecord after, ExchangeException why, Duration took) {
            heard.add(after.state() + " " + why.problem());
        }
    };
    private Simulator simulator;
    private Core core;
    private Holder holder;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start(clock, 0);
        simulator.setLifetime(LIFETIME);
        core = new Core(directory, simulator, clock, listener);
        holder = core.holder("ci", "acme", simulator.addAccount("ci", "acme"), (family, token, again) -> {});
    }

    @AfterEach
    void stop() {
        core.close();
        simulator.close();
        assertThat(simulator.repeatsWhileAlive()).isZero();
        assertThat(simulator.repeatsAfterRefusal()).isZero();
    }

    private FamilyRecord onDisk() throws Exception {
        return core.ledger.loadAll().get(0);
    }

    private void lose(Fault fault) {
        simulator.inject(fault);
        assertThatThrownBy(() -> core.families.await(holder, ANY))
                .isInstanceOfSatisfying(
                        FamilyException.class,
                        e -> assertThat(e.retry()).isEqualTo(clock.instant().plus(Core.PLENTY)))
                .hasMessageContaining("is sent once more at");
    }

    @Test
    void afterAnAnswerWasLostWithoutAnAccessToken_theTokenIsSentOnceMoreWhenTheRequestCanNoLongerBeOnItsWay()
            throws Exception {
        lose(Fault.STATUS_502);
        clock.advance(Core.PLENTY.minusSeconds(1));
        assertThatThrownBy(() -> core.families.await(holder, ANY)).hasMessageContaining("it is not known whether");
        assertThat(simulator.requests()).isEqualTo(1);
        clock.advance(Duration.ofSeconds(1));
        assertThat(core.families.await(holder, ANY).trouble()).isNull();
        assertThat(simulator.requests()).isEqualTo(2);
        assertThat(onDisk().state()).isEqualTo(FamilyState.OK);
        assertThat(onDisk().tokens().current()).isEqualTo(simulator.currentToken("ci"));
        assertThat(heard).containsExactly("UNKNOWN OUTCOME_UNKNOWN", "UNKNOWN to OK");
    }

    @Test
    void afterTheServerHadRotated_theOneMoreRequestIsRefusedAndTheTokenIsNotSentAgain() throws Exception {
        lose(Fault.CLOSE_AFTER_COMMIT);
        clock.advance(Core.PLENTY);
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> core.families.await(holder, ANY))
                    .hasMessageContaining(i == 0 ? "its successor is lost" : "refused earlier")
                    .hasMessageContaining("authorize the account anew")
                    .hasMessageNotContaining("never sent that token");
        }
        assertThat(simulator.requests()).isEqualTo(2);
        assertThat(onDisk().state()).isEqualTo(FamilyState.DEAD);
    }

    @Test
    void whileAnAccessTokenIsAlive_itServesOnAndTheTokenIsNotSent() throws Exception {
        Bearer living = core.families.await(holder, ANY).bearer();
        clock.advance(Duration.ofMinutes(45));
        simulator.inject(Fault.STATUS_502);
        core.families.await(holder, NEWER);
        clock.advance(Duration.ofMinutes(14));
        Supply supply = core.families.await(holder, NEWER);
        assertThat(supply.bearer()).isEqualTo(living);
        assertThat(supply.trouble()).isNotNull();
        assertThat(supply.trouble().retry()).isEqualTo(living.expiresAt().minusSeconds(15));
        assertThat(simulator.requests()).isEqualTo(2);
        clock.advance(Duration.ofSeconds(45));
        assertThat(core.families.await(holder, NEWER).trouble()).isNull();
        assertThat(simulator.requests()).isEqualTo(3);
    }

    @Test
    void whileAnAccessTokenOfAnotherOrganizationIsAliveThatCameOfIt_theTokenIsNotSent() throws Exception {
        Holder provider = core.holder(
                "provider", "System", simulator.addAccount("provider", "System"), (family, token, again) -> {});
        Holder tenant = provider.derived(
                bearer -> new TokenService() {
                    @Override
                    public Endpoint endpoint() {
                        return new Endpoint("VCF Automation", simulator.url(), "acme");
                    }

                    @Override
                    public boolean rotates() {
                        return false;
                    }

                    @Override
                    public Grant exchange(String secret) {
                        return new Grant(
                                new Bearer(
                                        "derived",
                                        clock.instant(),
                                        clock.instant().plus(LIFETIME)),
                                null);
                    }
                },
                core.families.await(provider, ANY));
        clock.advance(Duration.ofMinutes(30));
        core.families.await(tenant, ANY);
        simulator.inject(Fault.STATUS_502);
        core.families.await(provider, NEWER);
        clock.advance(Duration.ofMinutes(59));
        assertThatThrownBy(() -> core.families.await(provider, ANY)).hasMessageContaining("it is not known whether");
        assertThat(simulator.requests()).isEqualTo(2);
        clock.advance(Duration.ofMinutes(1));
        assertThat(core.families.await(provider, ANY).trouble()).isNull();
    }

    @Test
    void whenTheOneMoreAnswerIsLostToo_thatEarnsAnotherRequestAfterTheSamePause() throws Exception {
        lose(Fault.STATUS_502);
        for (int i = 2; i < 5; i++) {
            clock.advance(Core.PLENTY);
            simulator.inject(Fault.STATUS_502);
            for (int j = 0; j < 3; j++) {
                assertThatThrownBy(() -> core.families.await(holder, ANY)).isInstanceOf(FamilyException.class);
            }
            assertThat(simulator.requests()).isEqualTo(i);
        }
        clock.advance(Core.PLENTY);
        assertThat(core.families.await(holder, ANY).trouble()).isNull();
    }

    @ParameterizedTest
    @EnumSource(
            value = Fault.class,
            names = {"STATUS_403", "STATUS_429"})
    void whenTheOneMoreAnswerTellsNothing_theOutcomeStaysUnknown(Fault fault) throws Exception {
        lose(Fault.STATUS_502);
        clock.advance(Core.PLENTY);
        simulator.inject(fault);
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> core.families.await(holder, ANY)).isInstanceOf(FamilyException.class);
        }
        assertThat(simulator.requests()).isEqualTo(2);
        assertThat(onDisk().state()).isEqualTo(FamilyState.UNKNOWN);
        clock.advance(Core.PLENTY);
        assertThat(core.families.await(holder, ANY).trouble()).isNull();
    }

    @Test
    void whenTheOneMoreRequestIsNotSent_theNextOneIsSentAtOnce() throws Exception {
        lose(Fault.STATUS_502);
        clock.advance(Core.PLENTY);
        TokenService unreachable = new TokenService() {
            @Override
            public Endpoint endpoint() {
                return holder.service().endpoint();
            }

            @Override
            public Grant exchange(String secret) throws ExchangeException {
                throw new ExchangeException.NotSent(Problem.UNREACHABLE, "no route", null);
            }
        };
        assertThatThrownBy(() -> core.families.await(core.holder("ci", unreachable, holder.token()), ANY))
                .hasMessageContaining("no route");
        assertThat(onDisk().state()).isEqualTo(FamilyState.UNKNOWN);
        assertThat(core.families.await(holder, ANY).trouble()).isNull();
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void aServerThatAsksToComeBackLaterIsLeftAloneThatLong() throws Exception {
        simulator.setRetryAfter(Duration.ofMinutes(10));
        simulator.inject(Fault.STATUS_503_RETRY_AFTER_0);
        assertThatThrownBy(() -> core.families.await(holder, ANY)).isInstanceOf(FamilyException.class);
        clock.advance(Duration.ofMinutes(9));
        assertThatThrownBy(() -> core.families.await(holder, ANY)).isInstanceOf(FamilyException.class);
        assertThat(simulator.requests()).isEqualTo(1);
        clock.advance(Duration.ofMinutes(1));
        assertThat(core.families.await(holder, ANY).trouble()).isNull();
    }

    @Test
    void aServerThatIsTooBusyIsLeftAloneAsLongAsItAsks() throws Exception {
        simulator.setRetryAfter(Duration.ofMinutes(10));
        simulator.inject(Fault.STATUS_429);
        assertThatThrownBy(() -> core.families.await(holder, ANY)).hasMessageContaining("HTTP 429");
        assertThatThrownBy(() -> core.families.await(holder, ANY))
                .hasMessageContaining("nothing is sent before 2026-01-01T00:10:00Z");
        assertThat(simulator.requests()).isEqualTo(1);
        assertThat(onDisk().state()).isEqualTo(FamilyState.OK);
        clock.advance(Duration.ofMinutes(10));
        assertThat(core.families.await(holder, ANY).trouble()).isNull();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void afterAStopInMidFlight_theTokenIsSentOnceMoreByWhicheverProcessIsAskedFirst(boolean rotated) throws Exception {
        core.families.await(holder, ANY);
        clock.advance(Duration.ofHours(2));
        FamilyRecord before = onDisk();
        if (rotated) {
            simulator.rotate("ci");
        }
        core.ledger.save(before.inFlight(clock.instant()));
        clock.advance(Core.PLENTY);
        try (Core other = new Core(directory, simulator, clock)) {
            if (rotated) {
                assertThatThrownBy(() -> other.families.await(holder, ANY))
                        .hasMessageContaining("its successor is lost");
                assertThatThrownBy(() -> core.families.await(holder, ANY)).hasMessageContaining("refused earlier");
            } else {
                Bearer healed = other.families.await(holder, ANY).bearer();
                assertThat(core.families.await(holder, ANY).bearer()).isEqualTo(healed);
            }
        }
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void aStopInMidFlightOfASteadyTokenIsForgottenAtOnce() throws Exception {
        simulator.setRotation("ci", false);
        core.families.await(holder, ANY);
        clock.advance(Duration.ofHours(2));
        core.ledger.save(onDisk().inFlight(clock.instant()));
        assertThat(core.families.await(holder, ANY).trouble()).isNull();
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void whereItIsSwitchedOffAPersonDecides() throws Exception {
        Families manual = new Families(
                core.ledger, Core.HASH, Runnable::run, Runnable::run, clock, Core.PLENTY, () -> false, listener);
        simulator.inject(Fault.STATUS_502);
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> manual.await(holder, ANY))
                    .hasMessageContaining("Press \"Try once more\" on the page \"VCF tokens\"")
                    .isInstanceOfSatisfying(
                            FamilyException.class, e -> assertThat(e.retry()).isNull());
            clock.advance(Duration.ofDays(1));
        }
        assertThat(simulator.requests()).isEqualTo(1);
        manual.administration().vouch(onDisk().id());
        assertThat(manual.await(holder, ANY).trouble()).isNull();
    }
}
