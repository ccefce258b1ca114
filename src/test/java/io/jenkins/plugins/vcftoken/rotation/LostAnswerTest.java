package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.MutableClock;
import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import io.jenkins.plugins.vcftoken.oauth.TokenError;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.oauth.TokenResponse;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** When a refresh token whose answer was lost is sent once more, and what comes of that. */
class LostAnswerTest {

    private static final Predicate<AccessToken> ANY = accessToken -> true;
    private static final Predicate<AccessToken> NEWER = accessToken -> false;
    private static final Duration LIFETIME = Duration.ofHours(1);

    @TempDir
    private Path directory;

    private final MutableClock clock = new MutableClock();
    private final List<String> heard = new ArrayList<>();
    private final TokenListener listener = new TokenListener() {
        @Override
        public void granted(CredentialHandle of, TokenFamily before, TokenFamily after, Duration took) {
            heard.add(before.state() + " to " + after.state());
        }

        @Override
        public void failed(CredentialHandle of, TokenFamily after, TokenRequestException why, Duration took) {
            heard.add(after.state() + " " + why.tokenError());
        }
    };

    @AutoClose
    private final Simulator simulator = Simulator.start(clock, 0);

    private TestTokenService core;
    private CredentialHandle handle;

    @BeforeEach
    void start() throws Exception {
        simulator.setLifetime(LIFETIME);
        core = new TestTokenService(directory, simulator, clock, listener);
        handle = core.newAccount("ci", "acme");
    }

    @AfterEach
    void stop() {
        core.close();
        assertThat(simulator.repeatsWhileAlive()).isZero();
        assertThat(simulator.repeatsAfterRefusal()).isZero();
    }

    private TokenFamily onDisk() throws Exception {
        return core.ledger.loadAll().get(0);
    }

    private void lose(Fault fault) {
        simulator.inject(fault);
        assertThatThrownBy(() -> core.families.await(handle, ANY))
                .isInstanceOfSatisfying(
                        TokenUnavailableException.class,
                        e -> assertThat(e.retry()).isEqualTo(clock.instant().plus(TestTokenService.PLENTY)))
                .hasMessageContaining("is sent once more at");
    }

    @Test
    void afterAnAnswerWasLostWithoutAnAccessToken_theTokenIsSentOnceMoreWhenTheRequestCanNoLongerBeOnItsWay()
            throws Exception {
        lose(Fault.STATUS_502);
        clock.advance(TestTokenService.PLENTY.minusSeconds(1));
        assertThatThrownBy(() -> core.families.await(handle, ANY)).hasMessageContaining("it is not known whether");
        assertThat(simulator.requests()).isEqualTo(1);
        clock.advance(Duration.ofSeconds(1));
        assertThat(core.families.await(handle, ANY).error()).isNull();
        assertThat(simulator.requests()).isEqualTo(2);
        assertThat(onDisk().state()).isEqualTo(TokenFamily.Status.READY);
        assertThat(onDisk().tokens().current()).isEqualTo(simulator.currentToken("ci"));
        assertThat(heard).containsExactly("UNKNOWN OUTCOME_UNKNOWN", "UNKNOWN to READY");
    }

    @Test
    void afterTheServerHadRotated_theOneMoreRequestIsRefusedAndTheTokenIsNotSentAgain() throws Exception {
        lose(Fault.CLOSE_AFTER_COMMIT);
        clock.advance(TestTokenService.PLENTY);
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> core.families.await(handle, ANY))
                    .hasMessageContaining(i == 0 ? "its successor is lost" : "refused earlier")
                    .hasMessageContaining("re-authorize the account")
                    .hasMessageNotContaining("never sent that token");
        }
        assertThat(simulator.requests()).isEqualTo(2);
        assertThat(onDisk().state()).isEqualTo(TokenFamily.Status.REJECTED);
    }

    @Test
    void whileAnAccessTokenIsAlive_itServesOnAndTheTokenIsNotSent() throws Exception {
        AccessToken living = core.families.await(handle, ANY).accessToken();
        clock.advance(Duration.ofMinutes(45));
        simulator.inject(Fault.STATUS_502);
        core.families.await(handle, NEWER);
        clock.advance(Duration.ofMinutes(14));
        TokenResult result = core.families.await(handle, NEWER);
        assertThat(result.accessToken()).isEqualTo(living);
        assertThat(result.error()).isNotNull();
        assertThat(result.error().retry()).isEqualTo(living.expiresAt().minusSeconds(15));
        assertThat(simulator.requests()).isEqualTo(2);
        clock.advance(Duration.ofSeconds(45));
        assertThat(core.families.await(handle, NEWER).error()).isNull();
        assertThat(simulator.requests()).isEqualTo(3);
    }

    @Test
    void whileAnAccessTokenOfAnotherOrganizationIsAliveThatCameOfIt_theTokenIsNotSent() throws Exception {
        CredentialHandle provider = core.newAccount("provider", "System");
        TokenEndpointClient client =
                new TestClient(new Account("VCF Automation", simulator.url(), "acme"), false, secret -> {
                    return new TokenResponse(
                            new AccessToken(
                                    "derived", clock.instant(), clock.instant().plus(LIFETIME)),
                            null);
                });
        CredentialHandle owner = provider.derive(() -> client).forDerived(client, core.families.await(provider, ANY));
        clock.advance(Duration.ofMinutes(30));
        core.families.await(owner, ANY);
        simulator.inject(Fault.STATUS_502);
        core.families.await(provider, NEWER);
        clock.advance(Duration.ofMinutes(59));
        assertThatThrownBy(() -> core.families.await(provider, ANY)).hasMessageContaining("it is not known whether");
        assertThat(simulator.requests()).isEqualTo(2);
        clock.advance(Duration.ofMinutes(1));
        assertThat(core.families.await(provider, ANY).error()).isNull();
    }

    @Test
    void whenTheOneMoreAnswerIsLostToo_thatEarnsAnotherRequestAfterTheSamePause() throws Exception {
        lose(Fault.STATUS_502);
        for (int i = 2; i < 5; i++) {
            clock.advance(TestTokenService.PLENTY);
            simulator.inject(Fault.STATUS_502);
            for (int j = 0; j < 3; j++) {
                assertThatThrownBy(() -> core.families.await(handle, ANY))
                        .isInstanceOf(TokenUnavailableException.class);
            }
            assertThat(simulator.requests()).isEqualTo(i);
        }
        clock.advance(TestTokenService.PLENTY);
        assertThat(core.families.await(handle, ANY).error()).isNull();
    }

    @ParameterizedTest
    @EnumSource(
            value = Fault.class,
            names = {"STATUS_403", "STATUS_429"})
    void whenTheOneMoreAnswerTellsNothing_theOutcomeStaysUnknown(Fault fault) throws Exception {
        lose(Fault.STATUS_502);
        clock.advance(TestTokenService.PLENTY);
        simulator.inject(fault);
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> core.families.await(handle, ANY)).isInstanceOf(TokenUnavailableException.class);
        }
        assertThat(simulator.requests()).isEqualTo(2);
        assertThat(onDisk().state()).isEqualTo(TokenFamily.Status.UNKNOWN);
        clock.advance(TestTokenService.PLENTY);
        assertThat(core.families.await(handle, ANY).error()).isNull();
    }

    @Test
    void whenTheOneMoreRequestIsNotSent_theNextOneIsSentAtOnce() throws Exception {
        lose(Fault.STATUS_502);
        clock.advance(TestTokenService.PLENTY);
        TokenEndpointClient unreachable = new TestClient(handle.client().account(), secret -> {
            throw new TokenRequestException.NotSent(TokenError.UNREACHABLE, "no route", null);
        });
        assertThatThrownBy(() -> core.families.await(core.handle("ci", unreachable, handle.token()), ANY))
                .hasMessageContaining("no route");
        assertThat(onDisk().state()).isEqualTo(TokenFamily.Status.UNKNOWN);
        assertThat(core.families.await(handle, ANY).error()).isNull();
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void aServerThatAsksToComeBackLaterIsLeftAloneThatLong() throws Exception {
        simulator.setRetryAfter(Duration.ofMinutes(10));
        simulator.inject(Fault.STATUS_503_RETRY_AFTER_0);
        assertThatThrownBy(() -> core.families.await(handle, ANY)).isInstanceOf(TokenUnavailableException.class);
        clock.advance(Duration.ofMinutes(9));
        assertThatThrownBy(() -> core.families.await(handle, ANY)).isInstanceOf(TokenUnavailableException.class);
        assertThat(simulator.requests()).isEqualTo(1);
        clock.advance(Duration.ofMinutes(1));
        assertThat(core.families.await(handle, ANY).error()).isNull();
    }

    @Test
    void aServerThatIsTooBusyIsLeftAloneAsLongAsItAsks() throws Exception {
        simulator.setRetryAfter(Duration.ofMinutes(10));
        simulator.inject(Fault.STATUS_429);
        assertThatThrownBy(() -> core.families.await(handle, ANY)).hasMessageContaining("HTTP 429");
        assertThatThrownBy(() -> core.families.await(handle, ANY))
                .hasMessageContaining("nothing is sent before 2026-01-01T00:10:00Z");
        assertThat(simulator.requests()).isEqualTo(1);
        assertThat(onDisk().state()).isEqualTo(TokenFamily.Status.READY);
        clock.advance(Duration.ofMinutes(10));
        assertThat(core.families.await(handle, ANY).error()).isNull();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void afterAStopInMidFlight_theTokenIsSentOnceMoreByWhicheverProcessIsAskedFirst(boolean rotated) throws Exception {
        core.families.await(handle, ANY);
        clock.advance(Duration.ofHours(2));
        TokenFamily before = onDisk();
        if (rotated) {
            simulator.rotate("ci");
        }
        core.ledger.save(before.requesting(clock.instant()));
        clock.advance(TestTokenService.PLENTY);
        try (TestTokenService other = new TestTokenService(directory, simulator, clock)) {
            if (rotated) {
                assertThatThrownBy(() -> other.families.await(handle, ANY))
                        .hasMessageContaining("its successor is lost");
                assertThatThrownBy(() -> core.families.await(handle, ANY)).hasMessageContaining("refused earlier");
            } else {
                AccessToken healed = other.families.await(handle, ANY).accessToken();
                assertThat(core.families.await(handle, ANY).accessToken()).isEqualTo(healed);
            }
        }
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void aStopInMidFlightOfASteadyTokenIsForgottenAtOnce() throws Exception {
        simulator.setRotation("ci", false);
        core.families.await(handle, ANY);
        clock.advance(Duration.ofHours(2));
        core.ledger.save(onDisk().requesting(clock.instant()));
        assertThat(core.families.await(handle, ANY).error()).isNull();
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void whereRetriesAreOff_theOutcomeStaysUnknown() throws Exception {
        TokenManager manual = new TokenManager(
                core.ledger,
                TestTokenService.HASH,
                Runnable::run,
                Runnable::run,
                clock,
                TestTokenService.PLENTY,
                () -> false,
                listener);
        simulator.inject(Fault.STATUS_502);
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> manual.await(handle, ANY))
                    .hasMessageContaining("Choose “Retry with the stored token” on the page “Token status”")
                    .isInstanceOfSatisfying(
                            TokenUnavailableException.class,
                            e -> assertThat(e.retry()).isNull());
            clock.advance(Duration.ofDays(1));
        }
        assertThat(simulator.requests()).isEqualTo(1);
        manual.administration().allowRetry(onDisk().id());
        assertThat(manual.await(handle, ANY).error()).isNull();
    }
}
