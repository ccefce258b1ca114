package io.jenkins.plugins.vcftoken.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jenkins.plugins.vcftoken.MutableClock;
import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;
import io.jenkins.plugins.vcftoken.oauth.TokenErrorType;
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

/** Retries of a refresh token after a lost response. */
class LostResponseTest {

    private static final Predicate<AccessToken> ANY = accessToken -> true;
    private static final Predicate<AccessToken> NEWER = accessToken -> false;
    private static final Duration LIFETIME = Duration.ofHours(1);

    @TempDir
    private Path directory;

    private final MutableClock clock = new MutableClock();
    private final List<String> events = new ArrayList<>();
    private final TokenEventListener listener = new TokenEventListener() {
        @Override
        public void granted(CredentialHandle handle, TokenFamily before, TokenFamily after, Duration took) {
            events.add(before.state() + " to " + after.state());
        }

        @Override
        public void failed(CredentialHandle handle, TokenFamily after, TokenRequestException cause, Duration took) {
            events.add(after.state() + " " + cause.errorType());
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

    private void loseResponse(Fault fault) {
        simulator.inject(fault);
        assertThatThrownBy(() -> core.families.await(handle, ANY))
                .isInstanceOfSatisfying(
                        TokenUnavailableException.class,
                        e -> assertThat(e.retry()).isEqualTo(clock.instant().plus(TestTokenService.MAX_WAIT)))
                .hasMessageContaining("is sent once more at");
    }

    @Test
    void lostResponse_withoutAnAccessToken_isRetriedAfterTheTimeout() throws Exception {
        loseResponse(Fault.STATUS_502);
        clock.advance(TestTokenService.MAX_WAIT.minusSeconds(1));
        assertThatThrownBy(() -> core.families.await(handle, ANY)).hasMessageContaining("it is not known whether");
        assertThat(simulator.requests()).isEqualTo(1);
        clock.advance(Duration.ofSeconds(1));
        assertThat(core.families.await(handle, ANY).error()).isNull();
        assertThat(simulator.requests()).isEqualTo(2);
        assertThat(onDisk().state()).isEqualTo(TokenFamily.Status.READY);
        assertThat(onDisk().tokens().current()).isEqualTo(simulator.currentToken("ci"));
        assertThat(events).containsExactly("UNKNOWN OUTCOME_UNKNOWN", "UNKNOWN to READY");
    }

    @Test
    void retry_afterTheServerRotatedTheToken_isRejectedAndNotRepeated() throws Exception {
        loseResponse(Fault.CLOSE_AFTER_COMMIT);
        clock.advance(TestTokenService.MAX_WAIT);
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> core.families.await(handle, ANY))
                    .hasMessageContaining(i == 0 ? "its successor is lost" : "rejected earlier")
                    .hasMessageContaining("re-authorize the account")
                    .hasMessageNotContaining("never sent that token");
        }
        assertThat(simulator.requests()).isEqualTo(2);
        assertThat(onDisk().state()).isEqualTo(TokenFamily.Status.REJECTED);
    }

    @Test
    void lostResponse_whileAnAccessTokenIsValid_isNotRetried() throws Exception {
        AccessToken valid = core.families.await(handle, ANY).accessToken();
        clock.advance(Duration.ofMinutes(45));
        simulator.inject(Fault.STATUS_502);
        core.families.await(handle, NEWER);
        clock.advance(Duration.ofMinutes(14));
        TokenResult result = core.families.await(handle, NEWER);
        assertThat(result.accessToken()).isEqualTo(valid);
        assertThat(result.error()).isNotNull();
        assertThat(result.error().retry()).isEqualTo(valid.expiresAt().minusSeconds(15));
        assertThat(simulator.requests()).isEqualTo(2);
        clock.advance(Duration.ofSeconds(45));
        assertThat(core.families.await(handle, NEWER).error()).isNull();
        assertThat(simulator.requests()).isEqualTo(3);
    }

    @Test
    void lostResponse_whileADerivedAccessTokenIsValid_isNotRetried() throws Exception {
        CredentialHandle provider = core.newAccount("provider", "System");
        TokenClient client = new TestClient(new Account("VCF Automation", simulator.url(), "acme"), false, secret -> {
            return new TokenResponse(
                    new AccessToken("derived", clock.instant(), clock.instant().plus(LIFETIME)), null);
        });
        CredentialHandle derived = provider.derive(() -> client).forDerived(client, core.families.await(provider, ANY));
        clock.advance(Duration.ofMinutes(30));
        core.families.await(derived, ANY);
        simulator.inject(Fault.STATUS_502);
        core.families.await(provider, NEWER);
        clock.advance(Duration.ofMinutes(59));
        assertThatThrownBy(() -> core.families.await(provider, ANY)).hasMessageContaining("it is not known whether");
        assertThat(simulator.requests()).isEqualTo(2);
        clock.advance(Duration.ofMinutes(1));
        assertThat(core.families.await(provider, ANY).error()).isNull();
    }

    @Test
    void retry_withALostResponse_isRepeatedAfterTheTimeout() throws Exception {
        loseResponse(Fault.STATUS_502);
        for (int i = 2; i < 5; i++) {
            clock.advance(TestTokenService.MAX_WAIT);
            simulator.inject(Fault.STATUS_502);
            for (int j = 0; j < 3; j++) {
                assertThatThrownBy(() -> core.families.await(handle, ANY))
                        .isInstanceOf(TokenUnavailableException.class);
            }
            assertThat(simulator.requests()).isEqualTo(i);
        }
        clock.advance(TestTokenService.MAX_WAIT);
        assertThat(core.families.await(handle, ANY).error()).isNull();
    }

    @ParameterizedTest
    @EnumSource(
            value = Fault.class,
            names = {"STATUS_403", "STATUS_429"})
    void retry_withAnInconclusiveResponse_leavesTheOutcomeUnknown(Fault fault) throws Exception {
        loseResponse(Fault.STATUS_502);
        clock.advance(TestTokenService.MAX_WAIT);
        simulator.inject(fault);
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> core.families.await(handle, ANY)).isInstanceOf(TokenUnavailableException.class);
        }
        assertThat(simulator.requests()).isEqualTo(2);
        assertThat(onDisk().state()).isEqualTo(TokenFamily.Status.UNKNOWN);
        clock.advance(TestTokenService.MAX_WAIT);
        assertThat(core.families.await(handle, ANY).error()).isNull();
    }

    @Test
    void retry_thatWasNotSent_isRepeatedImmediately() throws Exception {
        loseResponse(Fault.STATUS_502);
        clock.advance(TestTokenService.MAX_WAIT);
        TokenClient unreachable = new TestClient(handle.client().account(), secret -> {
            throw new TokenRequestException.NotSent(TokenErrorType.UNREACHABLE, "no route", null);
        });
        assertThatThrownBy(() -> core.families.await(core.handle("ci", unreachable, handle.token()), ANY))
                .hasMessageContaining("no route");
        assertThat(onDisk().state()).isEqualTo(TokenFamily.Status.UNKNOWN);
        assertThat(core.families.await(handle, ANY).error()).isNull();
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void request_beforeTheRetryAfterTimeOfA503_isNotSent() throws Exception {
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
    void request_beforeTheRetryAfterTimeOfA429_isNotSent() throws Exception {
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
    void request_afterAKillDuringOne_isRetriedByEitherProcess(boolean rotated) throws Exception {
        core.families.await(handle, ANY);
        clock.advance(Duration.ofHours(2));
        TokenFamily before = onDisk();
        if (rotated) {
            simulator.rotate("ci");
        }
        core.ledger.save(before.requesting(clock.instant()));
        clock.advance(TestTokenService.MAX_WAIT);
        try (TestTokenService other = new TestTokenService(directory, simulator, clock)) {
            if (rotated) {
                assertThatThrownBy(() -> other.families.await(handle, ANY))
                        .hasMessageContaining("its successor is lost");
                assertThatThrownBy(() -> core.families.await(handle, ANY)).hasMessageContaining("rejected earlier");
            } else {
                AccessToken recovered = other.families.await(handle, ANY).accessToken();
                assertThat(core.families.await(handle, ANY).accessToken()).isEqualTo(recovered);
            }
        }
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void request_afterAKillWithANonRotatingToken_isSentImmediately() throws Exception {
        simulator.setRotation("ci", false);
        core.families.await(handle, ANY);
        clock.advance(Duration.ofHours(2));
        core.ledger.save(onDisk().requesting(clock.instant()));
        assertThat(core.families.await(handle, ANY).error()).isNull();
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void lostResponse_withRetriesOff_staysUnknown() throws Exception {
        TokenManager manual = new TokenManager(
                core.ledger,
                TestTokenService.HASH,
                Runnable::run,
                Runnable::run,
                clock,
                TestTokenService.MAX_WAIT,
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
