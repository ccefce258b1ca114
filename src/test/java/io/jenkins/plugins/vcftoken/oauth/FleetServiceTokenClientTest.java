package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FleetServiceTokenClientTest extends TokenClientTestBase {

    @BeforeEach
    void addUser() throws Exception {
        simulator.vcfOperations().addUser("svc", "", "Aa1-password-of-svc");
    }

    @Test
    void requestToken_withVcfSsoToken_returnsServiceToken() throws Exception {
        TokenResponse response = client("Bearer", "fleet-lcm").requestToken(ssoToken());
        assertThat(simulator.accessTokens()).contains(response.accessToken().value());
        assertThat(response.session()).isNull();
        // 70 minutes after the parent token was issued.
        assertThat(response.accessToken().lifetime()).isBetween(Duration.ofMinutes(69), Duration.ofMinutes(70));
    }

    @Test
    void requestToken_withVcfOperationsToken_returnsServiceToken() throws Exception {
        String opsToken = new VcfOperationsTokenClient(
                        http,
                        new Account(VcfOperationsTokenClient.SYSTEM, simulator.url(), "", "svc"),
                        new VcfOperationsTokenClient.User("svc", ""))
                .requestToken("Aa1-password-of-svc")
                .accessToken()
                .value();
        FleetServiceTokenClient client = client(VcfOperationsTokenClient.SCHEME, "ops-li");
        String accessToken = client.requestToken(opsToken).accessToken().value();
        assertThat(simulator.accessTokens()).contains(accessToken);
    }

    /** An access token of VCF Operations is valid for hours, and a new one requires a login. */
    @Test
    void maxParentTokenAge_isLimitedForVcfSsoTokens() {
        assertThat(client("Bearer", "x").maxParentTokenAge()).isEqualTo(Duration.ofMinutes(10));
        assertThat(client("OpsToken", "x").maxParentTokenAge()).isGreaterThan(Duration.ofDays(365));
    }

    @Test
    void requestToken_withUnknownServiceKey_fails() throws Exception {
        String parentToken = ssoToken();
        TokenRequestException e = catchThrowableOfType(
                TokenRequestException.Rejected.class,
                () -> client("Bearer", "fleet-lmc").requestToken(parentToken));
        assertThat(e.errorType()).isEqualTo(TokenErrorType.UNKNOWN_SERVICE_KEY);
    }

    @Test
    void requestToken_withExpiredParentToken_isRejected() throws Exception {
        String parentToken = ssoToken();
        simulator.endSessions();
        TokenRequestException e = catchThrowableOfType(
                TokenRequestException.Rejected.class,
                () -> client("Bearer", "fleet-lcm").requestToken(parentToken));
        assertThat(e.errorType().isParentTokenRejected()).isTrue();
    }

    /** {@code iat} may be the time when the parent token was issued, so the lifetime does not start there. */
    @ParameterizedTest
    @CsvSource({"-1800, 300, PT4M59S", "0, 2100, PT34M59S"})
    void lifetime_endsAtExp(long iat, long exp, Duration lifetime) throws Exception {
        long now = ScriptedHttp.NOW.getEpochSecond();
        String jwt = UnsignedJwt.of("{\"iat\":" + (now + iat) + ",\"exp\":" + (now + exp) + "}");
        server.enqueue(200, "{\"jwtToken\":\"" + jwt + "\"}");
        assertThat(scripted().requestToken("p").accessToken().lifetime()).isEqualTo(lifetime);
    }

    @ParameterizedTest
    @CsvSource({
        "200, '{}', INVALID_RESPONSE_OUTCOME_UNKNOWN",
        "200, '{\"jwtToken\":\"a b\"}', INVALID_RESPONSE_OUTCOME_UNKNOWN",
        "200, '{\"jwtToken\":\"eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjF9.c2ln\"}', INVALID_RESPONSE_OUTCOME_UNKNOWN",
        "400, '', UNKNOWN_SERVICE_KEY",
        "401, '', PARENT_TOKEN_REJECTED",
        "403, '', FORBIDDEN",
        "404, '', TOKEN_ENDPOINT_NOT_FOUND",
        "429, '', THROTTLED",
        "500, '', OUTCOME_UNKNOWN"
    })
    void requestToken_withoutAccessTokenInResponse_fails(int status, String body, TokenErrorType expected) {
        server.enqueue(status, body);
        assertThat(failure(() -> scripted().requestToken("p")).errorType()).isEqualTo(expected);
        assertThat(server.requests).containsExactly("POST /suite-api/api/auth/token/exchange");
    }

    private FleetServiceTokenClient client(String scheme, String key) {
        return new FleetServiceTokenClient(http, account(simulator.url()), scheme, key);
    }

    private FleetServiceTokenClient scripted() {
        return new FleetServiceTokenClient(
                server.client, account(URI.create("https://ops.example.com")), "Bearer", "fleet-lcm");
    }

    private static Account account(URI url) {
        return new Account(VcfOperationsTokenClient.SYSTEM, url, "", "service fleet-lcm");
    }
}
