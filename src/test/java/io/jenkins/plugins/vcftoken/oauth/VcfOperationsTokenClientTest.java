package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.simulator.VcfOperations;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VcfOperationsTokenClientTest extends TokenClientTestBase {

    private static final String PASSWORD = "correct horse \"battery\" \\ stäple";

    private VcfOperations operations;

    @BeforeEach
    void addUsers() throws Exception {
        operations = simulator.vcfOperations();
        operations.addUser("svc", "", PASSWORD);
        operations.addUser("svc", "corp.example.com", "of the directory");
    }

    @Test
    void requestToken_ofLocalOrExternalUser_returnsAccessTokenAsSession() throws Exception {
        simulator.setLifetime(Duration.ofHours(6));
        TokenResponse local = client("svc", "").requestToken(PASSWORD);
        TokenResponse other = client("svc", "corp.example.com").requestToken("of the directory");
        assertThat(simulator.accessTokens())
                .containsExactly(
                        local.accessToken().value(), other.accessToken().value());
        assertThat(local.accessToken().lifetime()).isBetween(Duration.parse("PT5H59M50S"), Duration.ofHours(6));
        assertThat(local.refreshToken()).isNull();
        assertThat(local.session()).isEqualTo(local.accessToken().value());
    }

    @Test
    void revokeSession_twice_succeeds() throws Exception {
        TokenResponse response = client("svc", "").requestToken(PASSWORD);
        client("svc", "").revokeSession(response.session());
        assertThat(operations.openSessions()).isZero();
        client("svc", "").revokeSession(response.session());
        assertThat(operations.releases()).isEqualTo(2);
    }

    @Test
    void revokeSession_whileTheServerFails_failsWithNoAnswer() {
        server.enqueue(503, "");
        TokenRequestException e = failure(() -> scripted().revokeSession("t"));
        assertThat(e.errorType()).isEqualTo(TokenErrorType.NO_RESPONSE);
        assertThat(server.requests).containsExactly("POST /suite-api/api/auth/token/release");
    }

    /** Running steps use the old access token until it expires. */
    @Test
    void refreshSession_logsInAndKeepsThePreviousAccessToken() throws Exception {
        TokenResponse first = client("svc", "").requestToken(PASSWORD);
        TokenResponse second = client("svc", "").refreshSession(PASSWORD, first.session());
        assertThat(second.session()).isNotEqualTo(first.session());
        assertThat(operations.logins()).isEqualTo(2);
        assertThat(operations.openSessions()).isEqualTo(2);
    }

    @Test
    void requestToken_withWrongPassword_isSentOnce() {
        TokenRequestException e = failure("svc", "", "wrong-password-of-mine");
        assertThat(e.errorType()).isEqualTo(TokenErrorType.WRONG_SECRET);
        assertThat(((TokenRequestException.Rejected) e).isFinal()).isTrue();
        assertThat(e.detail())
                .isEqualTo("HTTP 401: The provided username/password or token is not valid. Please try again.");
        assertThat(operations.refusedLogins()).isEqualTo(1);
    }

    @Test
    void requestToken_ofSourceWithoutPasswords_isSentOnceAndNamesTheOtherKind() {
        operations.addSourceWithoutPasswords("VCF SSO");
        TokenRequestException e = failure("svc", "VCF SSO", PASSWORD);
        assertThat(e.errorType()).isEqualTo(TokenErrorType.PASSWORD_NOT_ACCEPTED);
        assertThat(e.errorType().nextStep()).contains("vcfSsoApiToken");
        assertThat(((TokenRequestException.Rejected) e).isFinal()).isTrue();
        assertThat(operations.refusedLogins()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({
        "401, '{\"message\":\"User account is locked\"}', LOCKED_OUT",
        "401, '{\"message\":\"not valid\"}', WRONG_SECRET",
        "401, '<html>', PASSWORD_NOT_ACCEPTED",
        "401, '', PASSWORD_NOT_ACCEPTED",
        "403, '', FORBIDDEN",
        "404, '', TOKEN_ENDPOINT_NOT_FOUND",
        "400, '{}', REJECTED"
    })
    void rejection_isClassified(int status, String body, TokenErrorType errorType) {
        server.enqueue(status, body);
        TokenRequestException.Rejected e = catchThrowableOfType(
                TokenRequestException.Rejected.class, () -> scripted().requestToken("p"));
        assertThat(e.errorType()).isEqualTo(errorType);
        assertThat(server.requests).containsExactly("POST /suite-api/api/auth/token/acquire");
    }

    /** The {@code Date} header has no fractions of seconds; the lifetime is rounded down. */
    @ParameterizedTest
    @CsvSource({
        "PT0S, 21600000, PT5H59M59S",
        "PT24H, 21600000, PT5H59M59S",
        "PT-24H, 21600500, PT5H59M59.5S",
        "PT0S, 999999999999, PT24H"
    })
    void validity_startsAtDateOfResponse(Duration ahead, long validFor, Duration lifetime) throws Exception {
        Instant serverNow = ScriptedHttp.NOW.plus(ahead);
        server.enqueue(
                200,
                "{\"token\":\"t::1\",\"validity\":"
                        + serverNow.plusMillis(validFor).toEpochMilli() + "}",
                "Date",
                DateTimeFormatter.RFC_1123_DATE_TIME.format(serverNow.atOffset(ZoneOffset.UTC)));
        AccessToken accessToken = scripted().requestToken("p").accessToken();
        assertThat(accessToken.lifetime()).isEqualTo(lifetime);
        assertThat(accessToken.issuedAt()).isEqualTo(ScriptedHttp.NOW);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",\"validity\":0", ",\"validity\":null", ",\"validity\":\"soon\""})
    void validity_withoutValue_isDefaultLifetime(String validity) throws Exception {
        server.enqueue(200, "{\"token\":\"t\"" + validity + "}");
        assertThat(scripted().requestToken("p").accessToken().lifetime())
                .isEqualTo(TokenResponseParser.DEFAULT_LIFETIME);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"token\":\"t\",\"validity\":1000}",
                "{\"token\":\"t\",\"validity\":-1}",
                "{\"validity\":1}",
                "{}"
            })
    void response_withoutValidAccessToken_isInvalid(String body) {
        server.enqueue(200, body);
        assertThat(failure(() -> scripted().requestToken("p")))
                .isInstanceOf(TokenRequestException.InvalidResponse.class);
    }

    private TokenRequestException failure(String user, String authSource, String password) {
        return failure(() -> client(user, authSource).requestToken(password));
    }

    private VcfOperationsTokenClient scripted() {
        return client(server.client, URI.create("https://operations.example.com"), "svc", "");
    }

    private TokenClient client(String user, String authSource) {
        return TestTokenService.withRetries(client(http, simulator.url(), user, authSource));
    }

    private static VcfOperationsTokenClient client(AtMostOnceHttpClient http, URI url, String name, String authSource) {
        VcfOperationsTokenClient.User user = new VcfOperationsTokenClient.User(name, authSource);
        return new VcfOperationsTokenClient(
                http, new Account(VcfOperationsTokenClient.SYSTEM, url, "", user.account()), user);
    }
}
