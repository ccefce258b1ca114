package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jenkins.plugins.vcftoken.MutableClock;
import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.oauth.DeviceFlow.State;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceFlowTest {

    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final MutableClock clock = new MutableClock();
    private final List<String> saved = new ArrayList<>();
    private boolean diskIsFull;

    @AutoClose("closeWithoutViolations")
    private final Simulator simulator = Simulator.start(clock, 0);

    private String clientId;
    private DeviceFlow attempt;

    @BeforeEach
    void start() throws Exception {
        clientId = simulator.devices().addAccount("ci", "acme");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void asksEveryMinuteUntilAPersonSaysYes(boolean olderShape) throws Exception {
        if (olderShape) {
            simulator.devices().useOlderShape();
        }
        begin();
        assertThat(attempt.pause()).isEqualTo(MINUTE);
        assertThat(attempt.step()).isEqualTo(State.WAITING);
        assertThat(simulator.devices().polls()).isZero();
        assertThat(next()).isEqualTo(State.WAITING);
        assertThat(next()).isEqualTo(State.WAITING);
        simulator.devices().answer(attempt.codes().userCode(), true);
        assertThat(next()).isEqualTo(State.GRANTED);
        assertThat(saved).containsExactly(simulator.currentToken("ci"));
        assertThat(next()).isEqualTo(State.GRANTED);
        assertThat(simulator.devices().polls()).isEqualTo(3);
        assertThat(simulator.devices().hasty()).isZero();
    }

    @Test
    void slowsDownWhenToldTo() throws Exception {
        begin();
        next();
        // Polls of another client with the same code are too fast for the server.
        VcfaTokenClient other = account("acme");
        other.poll(attempt.codes());
        clock.advance(Duration.ofSeconds(30));
        other.poll(attempt.codes());
        clock.advance(Duration.ofSeconds(30));
        assertThat(attempt.step()).isEqualTo(State.WAITING);
        assertThat(attempt.pause()).isEqualTo(MINUTE.plusSeconds(5));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void stopsWhenAPersonSaysNo(boolean olderShape) throws Exception {
        if (olderShape) {
            simulator.devices().useOlderShape();
        }
        begin();
        simulator.devices().answer(attempt.codes().userCode(), false);
        assertThat(next()).isEqualTo(State.DENIED);
        assertThat(saved).isEmpty();
    }

    @Test
    void stopsWhenTheCodeIsTooOld() throws Exception {
        begin();
        clock.advance(Duration.ofHours(1));
        assertThat(attempt.step()).isEqualTo(State.EXPIRED);
        assertThat(simulator.devices().polls()).isZero();
    }

    @Test
    void doesNotAskOnceCanceled() throws Exception {
        begin();
        attempt.cancel();
        assertThat(attempt.state()).isEqualTo(State.CANCELED);
        assertThat(next()).isEqualTo(State.CANCELED);
        assertThat(simulator.devices().polls()).isZero();
    }

    @Test
    void aTokenThatCannotBeSavedIsSavedLaterAndTheServerIsNotPolledAgain() throws Exception {
        begin();
        simulator.devices().answer(attempt.codes().userCode(), true);
        diskIsFull = true;
        assertThat(next()).isEqualTo(State.WAITING);
        assertThat(attempt.error()).contains("could not be stored yet");
        attempt.cancel();
        diskIsFull = false;
        assertThat(next()).isEqualTo(State.GRANTED);
        assertThat(saved).containsExactly(simulator.currentToken("ci"));
        assertThat(simulator.devices().polls()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(value = Fault.class, mode = EnumSource.Mode.EXCLUDE, names = "TRICKLE")
    void afterAFault_theTokenIsStoredOrTheErrorHasTheAdvice(Fault fault) throws Exception {
        begin();
        meet(fault);
    }

    @Test
    @Tag("slow")
    void anAnswerThatNeverEndsIsALostOne() throws Exception {
        begin(account("acme"), account("acme", Duration.ofSeconds(4)));
        meet(Fault.TRICKLE);
    }

    private void meet(Fault fault) {
        simulator.devices().answer(attempt.codes().userCode(), true);
        simulator.inject(fault);
        for (int i = 0; i < 5 && attempt.state() == State.WAITING; i++) {
            clock.advance(Duration.ofMinutes(6));
            attempt.step();
        }
        if (attempt.state() == State.GRANTED) {
            assertThat(saved).containsExactly(simulator.currentToken("ci"));
        } else {
            assertThat(attempt.state()).isEqualTo(State.FAILED);
            assertThat(attempt.error()).isNotBlank();
            assertThat(saved).isEmpty();
        }
        if (fault == Fault.CLOSE_AFTER_COMMIT || fault == Fault.CLOSE_IN_ANSWER || fault == Fault.TRICKLE) {
            assertThat(attempt.error()).contains("lost on the way").contains("start over");
        }
        if (fault == Fault.NO_ACCESS_TOKEN || fault == Fault.EXPIRED_ACCESS_TOKEN) {
            assertThat(attempt.state()).isEqualTo(State.GRANTED);
        }
    }

    @Test
    void anUnknownAccountGetsNoCode() {
        clientId = "11111111-1111-1111-1111-111111111111";
        TokenRequestException e = catchThrowableOfType(
                TokenRequestException.class, () -> account("acme").requestCodes());
        assertThat(e.tokenError()).isEqualTo(TokenError.UNKNOWN_CLIENT);
    }

    @Test
    void anAddressIsShownAsTheServerGaveIt() throws Exception {
        String uri = "https://vcfa-01.datacenter.example.com/automation/#/administer/access-control/service-accounts";
        simulator.devices().setVerificationUris(uri, uri + "?user_code=A");
        begin();
        assertThat(attempt.codes().verificationUri()).isEqualTo(uri);
        assertThat(attempt.codes().completeUri()).isEqualTo(uri + "?user_code=A");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "javascript:alert(1)",
                "JavaScript://x.example.com/%0aalert(1)",
                "data:text/html,x",
                "//x.example.com/",
                "/path",
                "https://",
                "https://user@x.example.com/",
                "file:///etc/passwd",
                "no address"
            })
    void whatIsNoWebAddressBecomesNoLink(String hostile) throws Exception {
        simulator.devices().setVerificationUris(hostile, hostile);
        begin();
        assertThat(attempt.codes().verificationUri()).isNull();
        assertThat(attempt.codes().completeUri()).isNull();
    }

    /** The address is on the page and in the history of browsers, and the device code brings the refresh token. */
    @Test
    void anAddressWithTheDeviceCodeInItBecomesNoLink() {
        assertThat(DeviceAuthorizationResponse.link("https://x.example.com/?c=the-code", "another-code", "https"))
                .isNotNull();
        assertThat(DeviceAuthorizationResponse.link("https://x.example.com/?c=the-code", "the-code", "https"))
                .isNull();
    }

    @Test
    void theAddressWithTheCodeIsTakenOverHttpsOnly() throws Exception {
        simulator.devices().setVerificationUris("http://x.example.com/", "http://x.example.com/?code=A");
        begin();
        assertThat(attempt.codes().verificationUri()).isEqualTo("http://x.example.com/");
        assertThat(attempt.codes().completeUri()).isNull();
    }

    @Test
    void whatCouldNotBeStoredIsTriedOnceMoreAtTheEnd() throws Exception {
        begin();
        simulator.devices().answer(attempt.codes().userCode(), true);
        diskIsFull = true;
        next();
        attempt.cancel();
        assertThat(attempt.state()).as("it has a token to save").isEqualTo(State.WAITING);
        assertThat(attempt.saveNow()).isEqualTo(State.WAITING);
        diskIsFull = false;
        assertThat(attempt.saveNow()).isEqualTo(State.GRANTED);
        assertThat(saved).containsExactly(simulator.currentToken("ci"));
        assertThat(attempt.state()).isEqualTo(State.GRANTED);
    }

    @Test
    void findsTheServiceBehindTm() throws Exception {
        simulator.moveBehindTm();
        begin();
        simulator.devices().answer(attempt.codes().userCode(), true);
        assertThat(next()).isEqualTo(State.GRANTED);
        assertThat(simulator.missed()).isEqualTo(1);
    }

    private void begin() throws TokenRequestException {
        VcfaTokenClient account = account("acme");
        begin(account, account);
    }

    private void begin(VcfaTokenClient first, VcfaTokenClient later) throws TokenRequestException {
        attempt = new DeviceFlow(
                later,
                first.requestCodes(),
                (token, accessToken) -> {
                    if (diskIsFull) {
                        throw new IOException("disk full");
                    }
                    saved.add(token);
                },
                clock);
    }

    private State next() {
        clock.advance(MINUTE);
        return attempt.step();
    }

    private VcfaTokenClient account(String organization) {
        return account(organization, TestTokenService.PLENTY);
    }

    private VcfaTokenClient account(String organization, Duration limit) {
        return new VcfaTokenClient(
                TestTokenService.client(simulator, clock, limit),
                new Account(VcfaTokenClient.SYSTEM, simulator.url(), organization),
                clientId);
    }
}
