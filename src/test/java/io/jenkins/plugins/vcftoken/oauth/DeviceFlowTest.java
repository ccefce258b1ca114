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

    @AutoClose("closeAndCheckViolations")
    private final Simulator simulator = Simulator.start(clock, 0);

    private String clientId;
    private DeviceFlow flow;

    @BeforeEach
    void addAccount() throws Exception {
        clientId = simulator.devices().addAccount("ci", "acme");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void step_untilApproval_pollsEveryMinute(boolean olderFormat) throws Exception {
        if (olderFormat) {
            simulator.devices().useOlderShape();
        }
        startFlow();
        assertThat(flow.pause()).isEqualTo(MINUTE);
        assertThat(flow.step()).isEqualTo(State.WAITING);
        assertThat(simulator.devices().polls()).isZero();
        assertThat(advanceAndStep()).isEqualTo(State.WAITING);
        assertThat(advanceAndStep()).isEqualTo(State.WAITING);
        simulator.devices().decide(flow.codes().userCode(), true);
        assertThat(advanceAndStep()).isEqualTo(State.GRANTED);
        assertThat(saved).containsExactly(simulator.currentToken("ci"));
        assertThat(advanceAndStep()).isEqualTo(State.GRANTED);
        assertThat(simulator.devices().polls()).isEqualTo(3);
        assertThat(simulator.devices().earlyPolls()).isZero();
    }

    @Test
    void step_afterSlowDown_hasLongerPause() throws Exception {
        startFlow();
        advanceAndStep();
        // The server counts polls of another client with the same code.
        VcfaTokenClient other = client();
        other.poll(flow.codes());
        clock.advance(Duration.ofSeconds(30));
        other.poll(flow.codes());
        clock.advance(Duration.ofSeconds(30));
        assertThat(flow.step()).isEqualTo(State.WAITING);
        assertThat(flow.pause()).isEqualTo(MINUTE.plusSeconds(5));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void step_afterDenial_isDenied(boolean olderFormat) throws Exception {
        if (olderFormat) {
            simulator.devices().useOlderShape();
        }
        startFlow();
        simulator.devices().decide(flow.codes().userCode(), false);
        assertThat(advanceAndStep()).isEqualTo(State.DENIED);
        assertThat(saved).isEmpty();
    }

    @Test
    void step_afterExpiry_doesNotPoll() throws Exception {
        startFlow();
        clock.advance(Duration.ofHours(1));
        assertThat(flow.step()).isEqualTo(State.EXPIRED);
        assertThat(simulator.devices().polls()).isZero();
    }

    @Test
    void step_afterCancel_doesNotPoll() throws Exception {
        startFlow();
        flow.cancel();
        assertThat(flow.state()).isEqualTo(State.CANCELED);
        assertThat(advanceAndStep()).isEqualTo(State.CANCELED);
        assertThat(simulator.devices().polls()).isZero();
    }

    @Test
    void step_afterFailedSave_savesAgainWithoutPolling() throws Exception {
        startFlow();
        simulator.devices().decide(flow.codes().userCode(), true);
        diskIsFull = true;
        assertThat(advanceAndStep()).isEqualTo(State.WAITING);
        assertThat(flow.error()).contains("could not be stored yet");
        flow.cancel();
        diskIsFull = false;
        assertThat(advanceAndStep()).isEqualTo(State.GRANTED);
        assertThat(saved).containsExactly(simulator.currentToken("ci"));
        assertThat(simulator.devices().polls()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(value = Fault.class, mode = EnumSource.Mode.EXCLUDE, names = "TRICKLE")
    void step_afterFault_savesTokenOrReportsError(Fault fault) throws Exception {
        startFlow();
        assertSavedOrFailedAfter(fault);
    }

    @Test
    @Tag("slow")
    void endlessResponse_isHandledAsLost() throws Exception {
        startFlow(client(), client(Duration.ofSeconds(4)));
        assertSavedOrFailedAfter(Fault.TRICKLE);
    }

    private void assertSavedOrFailedAfter(Fault fault) {
        simulator.devices().decide(flow.codes().userCode(), true);
        simulator.inject(fault);
        for (int i = 0; i < 5 && flow.state() == State.WAITING; i++) {
            clock.advance(Duration.ofMinutes(6));
            flow.step();
        }
        if (flow.state() == State.GRANTED) {
            assertThat(saved).containsExactly(simulator.currentToken("ci"));
        } else {
            assertThat(flow.state()).isEqualTo(State.FAILED);
            assertThat(flow.error()).isNotBlank();
            assertThat(saved).isEmpty();
        }
        if (fault == Fault.CLOSE_AFTER_COMMIT || fault == Fault.CLOSE_IN_ANSWER || fault == Fault.TRICKLE) {
            assertThat(flow.error()).contains("refresh token was lost").contains("start over");
        }
        if (fault == Fault.NO_ACCESS_TOKEN || fault == Fault.EXPIRED_ACCESS_TOKEN) {
            assertThat(flow.state()).isEqualTo(State.GRANTED);
        }
    }

    @Test
    void requestCodes_forUnknownClient_fails() {
        clientId = "11111111-1111-1111-1111-111111111111";
        TokenRequestException e = catchThrowableOfType(TokenRequestException.class, () -> client().requestCodes());
        assertThat(e.errorType()).isEqualTo(TokenErrorType.UNKNOWN_CLIENT);
    }

    @Test
    void verificationUris_areUnchanged() throws Exception {
        String uri = "https://vcfa-01.datacenter.example.com/automation/#/administer/access-control/service-accounts";
        simulator.devices().setVerificationUris(uri, uri + "?user_code=A");
        startFlow();
        assertThat(flow.codes().verificationUri()).isEqualTo(uri);
        assertThat(flow.codes().completeUri()).isEqualTo(uri + "?user_code=A");
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
    void verificationUris_thatAreNotWebUrls_areNull(String uri) throws Exception {
        simulator.devices().setVerificationUris(uri, uri);
        startFlow();
        assertThat(flow.codes().verificationUri()).isNull();
        assertThat(flow.codes().completeUri()).isNull();
    }

    @Test
    void completeUri_withHttp_isNull() throws Exception {
        simulator.devices().setVerificationUris("http://x.example.com/", "http://x.example.com/?code=A");
        startFlow();
        assertThat(flow.codes().verificationUri()).isEqualTo("http://x.example.com/");
        assertThat(flow.codes().completeUri()).isNull();
    }

    @Test
    void saveNow_afterFailedSave_savesAgain() throws Exception {
        startFlow();
        simulator.devices().decide(flow.codes().userCode(), true);
        diskIsFull = true;
        advanceAndStep();
        flow.cancel();
        assertThat(flow.state()).as("flow with an unsaved token").isEqualTo(State.WAITING);
        assertThat(flow.saveNow()).isEqualTo(State.WAITING);
        diskIsFull = false;
        assertThat(flow.saveNow()).isEqualTo(State.GRANTED);
        assertThat(saved).containsExactly(simulator.currentToken("ci"));
        assertThat(flow.state()).isEqualTo(State.GRANTED);
    }

    @Test
    void step_withEndpointBehindTm_isGranted() throws Exception {
        simulator.useTmPathPrefix();
        startFlow();
        simulator.devices().decide(flow.codes().userCode(), true);
        assertThat(advanceAndStep()).isEqualTo(State.GRANTED);
        assertThat(simulator.notFound()).isEqualTo(1);
    }

    private void startFlow() throws TokenRequestException {
        VcfaTokenClient client = client();
        startFlow(client, client);
    }

    private void startFlow(VcfaTokenClient first, VcfaTokenClient later) throws TokenRequestException {
        flow = new DeviceFlow(
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

    private State advanceAndStep() {
        clock.advance(MINUTE);
        return flow.step();
    }

    private VcfaTokenClient client() {
        return client(TestTokenService.MAX_WAIT);
    }

    private VcfaTokenClient client(Duration timeout) {
        return new VcfaTokenClient(
                TestTokenService.client(simulator, clock, timeout),
                new Account(VcfaTokenClient.SYSTEM, simulator.url(), "acme"),
                clientId);
    }
}
