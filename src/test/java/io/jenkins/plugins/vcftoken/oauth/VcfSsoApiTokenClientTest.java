package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.simulator.Fault;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VcfSsoApiTokenClientTest extends TokenClientTestBase {

    private static final String API_TOKEN = "vidb_a+b&c=d";
    private static final Instant EXPIRY = Instant.parse("2099-01-01T00:00:00Z");

    @BeforeEach
    void addApiToken() throws Exception {
        simulator.vcfSso().addApiToken("CUSTOMER", "client", API_TOKEN, EXPIRY);
    }

    @Test
    void requestToken_returnsAccessTokenOnly() throws Exception {
        TokenResponse response = client("CUSTOMER").requestToken(API_TOKEN);
        assertThat(simulator.accessTokens())
                .containsExactly(response.accessToken().value());
        assertThat(response.accessToken().lifetime()).isEqualTo(Duration.ofHours(1));
        assertThat(response.refreshToken()).isNull();
        assertThat(response.session()).isNull();
        assertThat(client("CUSTOMER").secretExpiry(API_TOKEN, response.accessToken()))
                .isNull();
    }

    @Test
    void requestToken_withRefreshTokenInResponse_ignoresIt() throws Exception {
        server.enqueue(200, "{\"access_token\":\"b\",\"expires_in\":60,\"refresh_token\":\"r\"}");
        assertThat(scripted().requestToken(API_TOKEN).refreshToken()).isNull();
        assertThat(server.requests).containsExactly("POST /acs/t/CUSTOMER/token");
    }

    @ParameterizedTest
    @ValueSource(strings = {"expired", "revoked", "inactive"})
    void requestToken_withInvalidApiToken_failsAsProbablyRejectedAfterTwoAttempts(String state) {
        switch (state) {
            case "expired" -> simulator.vcfSso().addApiToken("CUSTOMER", "client", API_TOKEN, Instant.EPOCH);
            case "revoked" -> {
                simulator.vcfSso().revoke(API_TOKEN);
                simulator.vcfSso().addApiToken("CUSTOMER", "client", "another", EXPIRY);
            }
            default -> simulator.vcfSso().setActive("client", false);
        }
        TokenRequestException e = failure("CUSTOMER");
        assertThat(e).isInstanceOf(TokenRequestException.OutcomeUnknown.class);
        assertThat(e.errorType()).isEqualTo(TokenErrorType.API_TOKEN_REJECTED_OR_SERVER_ERROR);
        assertThat(e.errorType().isFinal()).isFalse();
        assertThat(e.detail()).startsWith("HTTP 500");
        assertThat(simulator.vcfSso().refusals()).isEqualTo(2);
    }

    @Test
    void requestToken_afterOneServerError_succeeds() throws Exception {
        simulator.inject(Fault.STATUS_500);
        assertThat(client("CUSTOMER").requestToken(API_TOKEN)).isNotNull();
        assertThat(simulator.requests()).isEqualTo(2);
    }

    @Test
    void requestToken_whileServerIsUnavailable_isSentThreeTimes() {
        for (int i = 0; i < 5; i++) {
            simulator.inject(Fault.STATUS_503);
        }
        assertThat(failure("CUSTOMER").errorType()).isEqualTo(TokenErrorType.NO_RESPONSE);
        assertThat(simulator.requests()).isEqualTo(3);
    }

    @Test
    void requestToken_forUnknownTenant_failsWithNoSuchService() {
        assertThat(failure("OTHER").errorType()).isEqualTo(TokenErrorType.TOKEN_ENDPOINT_NOT_FOUND);
    }

    @ParameterizedTest
    @ValueSource(strings = {"..", ".", "a/b", "a\\b", "%2e%2E", "a%2Fb"})
    void tenantThatIsNotASinglePathSegment_isRejectedBeforeRequest(String tenant) {
        TokenRequestException e = failure(tenant);
        assertThat(e).isInstanceOf(TokenRequestException.NotSent.class);
        assertThat(e.errorType()).isEqualTo(TokenErrorType.WRONG_ORGANIZATION);
        assertThat(simulator.requests()).isZero();
        assertThat(simulator.notFound()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "400, invalid_grant, API_TOKEN_REJECTED, true",
        "401, invalid_client, API_TOKEN_REJECTED, true",
        "401, '', API_TOKEN_REJECTED, true",
        "400, invalid_request, REJECTED, false",
        "403, '', FORBIDDEN, false",
        "405, '', TOKEN_ENDPOINT_NOT_FOUND, false"
    })
    void rejection_ofApiToken_isFinal(int status, String error, TokenErrorType errorType, boolean isFinal) {
        server.enqueue(status, "{\"error\":\"" + error + "\"}");
        TokenRequestException.Rejected e = catchThrowableOfType(
                TokenRequestException.Rejected.class, () -> scripted().requestToken(API_TOKEN));
        assertThat(e.errorType()).isEqualTo(errorType);
        assertThat(e.isFinal()).isEqualTo(isFinal);
    }

    private static final String REGENERATED = "{\"token\":\"vidb_next\",\"api_token_ttl\":%s,\"expiration_date\":%s}";

    @Test
    void regenerate_returnsNewTokenAndExpiry() throws Exception {
        AccessToken accessToken = client("CUSTOMER").requestToken(API_TOKEN).accessToken();
        RegeneratedSecret next = client("CUSTOMER").regenerate(API_TOKEN, accessToken);
        assertThat(next.secret()).isEqualTo(simulator.vcfSso().currentToken("client"));
        assertThat(next.expiresAt()).isAfter(Instant.now().plus(Duration.ofDays(29)));
        assertThat(next.toString()).doesNotContain(next.secret());
        assertThat(client("CUSTOMER").requestToken(next.secret())).isNotNull();
    }

    @ParameterizedTest
    @CsvSource({
        "0, '\"2026-02-01T10:00:00Z\"', 2026-02-01T10:00:00Z",
        "0, '\"2026-02-01T10:00:00.123\"', 2026-02-01T10:00:00.123Z",
        "0, '\"2026-02-01T12:00:00+0200\"', 2026-02-01T10:00:00Z",
        "0, 1769940000, 2026-02-01T10:00:00Z",
        "0, 1769940000000, 2026-02-01T10:00:00Z",
        "0, '\"1769940000000\"', 2026-02-01T10:00:00Z",
        "43200, null, 2026-01-31T00:00:00Z",
        "43200, '\"soon\"', 2026-01-31T00:00:00Z",
        "0, null, ",
        "-1, '\"\"', ",
        "9223372036854775807, null, ",
        "0, '\"9999-12-31T00:00:00Z\"', "
    })
    void regenerate_readsExpiryInAllFormats(String minutes, String date, Instant expiry) throws Exception {
        server.enqueue(200, REGENERATED.formatted(minutes, date));
        RegeneratedSecret next = scripted().regenerate(API_TOKEN, null);
        assertThat(next).isEqualTo(new RegeneratedSecret("vidb_next", expiry));
        assertThat(server.requests).containsExactly("POST /acs/t/CUSTOMER/api-tokens/regenerate");
    }

    @ParameterizedTest
    @CsvSource({
        "400, REGENERATION_REJECTED, Rejected",
        "401, REGENERATION_REJECTED, Rejected",
        "403, REGENERATION_REJECTED, Rejected",
        "404, REGENERATION_REJECTED, Rejected",
        "406, REGENERATION_REJECTED, Rejected",
        "302, REDIRECTED, Rejected",
        "429, THROTTLED, Throttled",
        "408, REGENERATION_UNKNOWN, OutcomeUnknown",
        "500, REGENERATION_UNKNOWN, OutcomeUnknown",
        "503, REGENERATION_UNKNOWN, OutcomeUnknown",
        "200, REGENERATION_UNKNOWN, InvalidResponse"
    })
    void regenerate_afterFailure_isSentOnceAndNotFinal(int status, TokenErrorType error, String type) {
        server.enqueue(status, "{\"message\":\"API Token is invalid or expired\"}");
        TokenClient retrying = TestTokenService.withRetries(scripted());
        TokenRequestException e = failure(() -> retrying.regenerate(API_TOKEN, null));
        assertThat(e.errorType()).isEqualTo(error);
        assertThat(e.getClass().getSimpleName()).isEqualTo(type);
        assertThat(e.errorType().isFinal()).isFalse();
        assertThat(server.requests).hasSize(1);
    }

    @Test
    void regenerate_withTenantThatIsNotASinglePathSegment_sendsNoRequest() {
        TokenRequestException e = failure(() -> client("..").regenerate(API_TOKEN, null));
        assertThat(e).isInstanceOf(TokenRequestException.NotSent.class);
        assertThat(simulator.requests()).isZero();
    }

    @Test
    void secretExpiry_isThatEnteredByTheUser() {
        Account account =
                new Account(VcfSsoApiTokenClient.SYSTEM, URI.create("https://broker.example.com"), "CUSTOMER");
        assertThat(new VcfSsoApiTokenClient(server.client, account, EXPIRY, true).secretExpiry(API_TOKEN, null))
                .isEqualTo(EXPIRY);
    }

    private TokenRequestException failure(String tenant) {
        return failure(() -> client(tenant).requestToken(API_TOKEN));
    }

    private VcfSsoApiTokenClient scripted() {
        return new VcfSsoApiTokenClient(
                server.client,
                new Account(VcfSsoApiTokenClient.SYSTEM, URI.create("https://broker.example.com"), "CUSTOMER"));
    }

    private TokenClient client(String tenant) {
        return TestTokenService.withRetries(
                new VcfSsoApiTokenClient(http, account(VcfSsoApiTokenClient.SYSTEM, tenant)));
    }
}
