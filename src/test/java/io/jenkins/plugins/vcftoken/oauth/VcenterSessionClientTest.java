package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VcenterSessionClientTest extends TokenClientTestBase {

    private static final String SAML = Base64.getEncoder().encodeToString("<saml2/>".getBytes(StandardCharsets.UTF_8));

    private String parentToken;

    @BeforeEach
    void requestParentToken() throws Exception {
        parentToken = ssoToken();
    }

    @Test
    void requestToken_createsSessionAndReturnsItsId() throws Exception {
        TokenResponse response = client().requestToken(parentToken);
        assertThat(simulator.vcenter().openSessions()).isEqualTo(1);
        assertThat(simulator.accessTokens()).contains(response.accessToken().value());
        assertThat(response.session()).isEqualTo(response.accessToken().value());
        assertThat(response.refreshToken()).isNull();
    }

    @Test
    void refreshSession_keepsPreviousSessionsUntilRevocation() throws Exception {
        VcenterSessionClient client = client();
        String sessions = client.requestToken(parentToken).session();
        sessions = client.refreshSession(parentToken, sessions).session();
        sessions = client.refreshSession(parentToken, sessions).session();
        assertThat(simulator.vcenter().openSessions()).isEqualTo(3);
        client.revokeSession(sessions);
        assertThat(simulator.vcenter().openSessions()).isZero();
        assertThat(simulator.vcenter().sessionsEnded()).isEqualTo(3);
        assertThatCode(() -> client.revokeSession("expired")).doesNotThrowAnyException();
    }

    @Test
    void refreshSession_manyTimes_returnsTheThreeNewestSessions() throws Exception {
        server.enqueue(200, "{\"access_token\":\"" + SAML + "\"}").enqueue(201, "\"new\"");
        assertThat(scripted().refreshSession("p", "three two one").session()).isEqualTo("new three two");
    }

    @Test
    void revokeSession_withOneFailure_deletesTheOthersAndFails() {
        server.enqueue(204, "").enqueue(503, "").enqueue(204, "");
        TokenRequestException e = failure(() -> scripted().revokeSession("three two one"));
        assertThat(e.errorType()).isEqualTo(TokenErrorType.NO_RESPONSE);
        assertThat(server.requests).hasSize(3);
    }

    @ParameterizedTest
    @CsvSource({
        "'\"expires_in\":300', PT5M",
        "'\"expires_in\":1800', PT30M",
        "'\"expires_in\":28800', PT30M",
        "'\"x\":1', PT30M"
    })
    void lifetime_isThatOfTheSamlTokenLimitedByTheIdleTimeout(String field, Duration lifetime) throws Exception {
        server.enqueue(200, "{\"access_token\":\"" + SAML + "\"," + field + "}").enqueue(201, "\"0123456789abcdef\"");
        AccessToken session = scripted().requestToken("p").accessToken();
        assertThat(session.value()).isEqualTo("0123456789abcdef");
        assertThat(session.lifetime()).isEqualTo(lifetime);
        assertThat(server.requests).containsExactly("POST /api/vcenter/authentication/token", "POST /api/session");
    }

    @Test
    void requestToken_withLineBreaksInSamlToken_ignoresThem() throws Exception {
        server.enqueue(200, "{\"access_token\":\"" + SAML.substring(0, 4) + "\\r\\n" + SAML.substring(4) + "\\n\"}")
                .enqueue(201, "\"id\"");
        assertThat(scripted().requestToken("p").accessToken().value()).isEqualTo("id");
    }

    @ParameterizedTest
    @CsvSource({
        "401, '', PARENT_TOKEN_REJECTED",
        "400, '{\"error\":\"invalid_grant\"}', PARENT_TOKEN_REJECTED",
        "400, '{\"error\":\"invalid_request\"}', REJECTED",
        "403, '', FORBIDDEN",
        "404, '', TOKEN_ENDPOINT_NOT_FOUND",
        "503, '', OUTCOME_UNKNOWN",
        "200, '{}', INVALID_RESPONSE_OUTCOME_UNKNOWN",
        "200, '{\"access_token\":\"=a=\"}', INVALID_RESPONSE_OUTCOME_UNKNOWN",
        "200, '{\"access_token\":\"PA==\",\"expires_in\":0}', INVALID_RESPONSE_OUTCOME_UNKNOWN"
    })
    void requestToken_afterFailedExchange_createsNoSession(int status, String body, TokenErrorType expected) {
        server.enqueue(status, body);
        assertThat(errorType()).isEqualTo(expected);
        assertThat(server.requests).containsExactly("POST /api/vcenter/authentication/token");
    }

    @ParameterizedTest
    @CsvSource({
        "401, '', FORBIDDEN",
        "404, '', TOKEN_ENDPOINT_NOT_FOUND",
        "429, '', THROTTLED",
        "503, '', OUTCOME_UNKNOWN",
        "201, '{\"value\":\"id\"}', INVALID_RESPONSE_OUTCOME_UNKNOWN",
        "201, '\"\"', INVALID_RESPONSE_OUTCOME_UNKNOWN",
        "201, '\"a b\"', INVALID_RESPONSE_OUTCOME_UNKNOWN",
        "201, '', INVALID_RESPONSE_OUTCOME_UNKNOWN"
    })
    void requestToken_afterFailedLogin_fails(int status, String body, TokenErrorType expected) {
        server.enqueue(200, "{\"access_token\":\"" + SAML + "\"}").enqueue(status, body);
        assertThat(errorType()).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"expired", "foreign"})
    void requestToken_withInvalidParentToken_isRejected(String token) {
        if (token.equals("expired")) {
            simulator.endSessions();
        }
        TokenRequestException e = catchThrowableOfType(
                TokenRequestException.Rejected.class,
                () -> client().requestToken(token.equals("expired") ? parentToken : "a.b.c"));
        assertThat(e.errorType().isParentTokenRejected()).isTrue();
        assertThat(simulator.vcenter().refusals()).isEqualTo(1);
    }

    private TokenErrorType errorType() {
        return failure(() -> scripted().requestToken("p")).errorType();
    }

    private VcenterSessionClient client() {
        return new VcenterSessionClient(http, account(VcenterSessionClient.SYSTEM, ""));
    }

    private VcenterSessionClient scripted() {
        return new VcenterSessionClient(
                server.client, new Account(VcenterSessionClient.SYSTEM, URI.create("https://vcenter.example.com"), ""));
    }
}
