package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import io.jenkins.plugins.vcftoken.simulator.SddcManager;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SddcManagerTokenClientTest extends TokenClientTestBase {

    private static final String USER = "svc-jenkins@vsphere.local";
    private static final String PASSWORD = "correct horse \"battery\" \\ stäple";

    private SddcManager sddc;

    @BeforeEach
    void addUser() throws Exception {
        sddc = simulator.sddcManager();
        sddc.addUser(USER, PASSWORD);
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 201})
    void requestToken_withPassword_returnsAccessTokenAndSession(int status) throws Exception {
        sddc.setCreatedStatus(status);
        TokenResponse response = client(USER).requestToken(PASSWORD);
        assertThat(simulator.accessTokens())
                .containsExactly(response.accessToken().value());
        assertThat(response.accessToken().lifetime()).isEqualTo(Duration.ofHours(1));
        assertThat(response.refreshToken()).isNull();
        assertThat(response.session()).isNotNull();
    }

    @Test
    void requestToken_withApiKey_returnsSession() throws Exception {
        sddc.addApiKey("qsfqnYgyxXQ892Jk90HXyuEMgE3SgfTS");
        assertThat(client("").requestToken("qsfqnYgyxXQ892Jk90HXyuEMgE3SgfTS").session())
                .isNotNull();
    }

    @ParameterizedTest
    @EnumSource(SddcManager.Shape.class)
    void refreshSession_acceptsAllResponseFormats(SddcManager.Shape shape) throws Exception {
        sddc.setShape(shape);
        TokenResponse first = client(USER).requestToken(PASSWORD);
        TokenResponse second = client(USER).refreshSession(PASSWORD, first.session());
        assertThat(simulator.accessTokens())
                .containsExactly(
                        first.accessToken().value(), second.accessToken().value());
        assertThat(second.session()).isEqualTo(first.session());
        assertThat(sddc.logins()).isEqualTo(1);
        assertThat(sddc.renewals()).isEqualTo(1);
    }

    @Test
    void refreshSession_withInvalidPlainText_fails() throws Exception {
        sddc.setShape(SddcManager.Shape.RAW);
        TokenResponse first = client(USER).requestToken(PASSWORD);
        for (Fault fault : List.of(Fault.TRUNCATED, Fault.HTML, Fault.EMPTY)) {
            simulator.inject(fault);
            assertThat(failure(() -> client(USER).refreshSession(PASSWORD, first.session())))
                    .isInstanceOf(TokenRequestException.InvalidResponse.class);
        }
    }

    @Test
    void refreshSession_withUnknownSession_logsInOnce() throws Exception {
        TokenResponse first = client(USER).requestToken(PASSWORD);
        sddc.forgetSessions();
        TokenResponse second = client(USER).refreshSession(PASSWORD, first.session());
        assertThat(second.session()).isNotEqualTo(first.session());
        assertThat(sddc.logins()).isEqualTo(2);
        assertThat(sddc.openSessions()).isEqualTo(1);
    }

    @Test
    void revokeSession_twice_succeeds() throws Exception {
        TokenResponse response = client(USER).requestToken(PASSWORD);
        client(USER).revokeSession(response.session());
        client(USER).revokeSession(response.session());
        assertThat(sddc.openSessions()).isZero();
        assertThat(sddc.releases()).isEqualTo(2);
    }

    @Test
    void requestToken_withWrongPassword_isSentOnce() {
        TokenRequestException e = loginFailure(USER, "wrong-password-of-mine");
        assertThat(e.errorType()).isEqualTo(TokenErrorType.WRONG_SECRET);
        assertThat(e.detail()).isEqualTo("HTTP 401, IDENTITY_UNAUTHORIZED_ENTITY: User is not authorized");
        assertThat(sddc.refusedLogins()).isEqualTo(1);
    }

    @Test
    void requestToken_forLockedAccount_failsWithLockedOut() {
        for (int i = 0; i < 5; i++) {
            loginFailure(USER, "wrong");
        }
        assertThat(loginFailure(USER, PASSWORD).errorType()).isEqualTo(TokenErrorType.LOCKED_OUT);
    }

    @Test
    void refreshSession_withUnknownSessionAndWrongPassword_isFinal() throws Exception {
        TokenResponse response = client(USER).requestToken(PASSWORD);
        sddc.forgetSessions();
        sddc.addUser(USER, "changed-in-the-meantime");
        TokenRequestException e = failure(() -> client(USER).refreshSession(PASSWORD, response.session()));
        assertThat(((TokenRequestException.Rejected) e).isFinal()).isTrue();
        assertThat(sddc.refusedLogins()).isEqualTo(1);
    }

    private TokenRequestException loginFailure(String user, String password) {
        return failure(() -> client(user).requestToken(password));
    }

    private TokenClient client(String user) {
        return TestTokenService.withRetries(new SddcManagerTokenClient(
                http, new Account(SddcManagerTokenClient.SYSTEM, simulator.url(), "", user)));
    }
}
