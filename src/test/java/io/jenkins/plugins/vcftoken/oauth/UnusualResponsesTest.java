package io.jenkins.plugins.vcftoken.oauth;

import static io.jenkins.plugins.vcftoken.oauth.TokenClientTestBase.failure;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jenkins.plugins.vcftoken.MutableClock;
import io.jenkins.plugins.vcftoken.oauth.DeviceFlow.State;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Responses of other versions, gateways and portals, which the simulator does not support. */
class UnusualResponsesTest {

    private static final URI URL = URI.create("https://vcf.example.com");
    private static final String ACCESS_TOKEN = "{\"access_token\":\"b\",\"expires_in\":60}";
    private static final String RELYING_PARTY =
            "{\"clientName\":\"automation-relying-party\",\"clientId\":\"party-1\"}";
    private static final String ORGANIZATION = "{\"name\":\"acme\",\"id\":\"urn:vcloud:org:0000-1\"}";

    private final ScriptedHttp server = new ScriptedHttp();

    // VCF Automation: paths of the token endpoint

    @Test
    void vcfa_endpointMovedBackFromTm_isFound() throws Exception {
        server.enqueue(404, "")
                .enqueue(200, ACCESS_TOKEN)
                .enqueue(405, "")
                .enqueue(200, ACCESS_TOKEN)
                .enqueue(200, ACCESS_TOKEN);
        for (int i = 0; i < 3; i++) {
            assertThat(vcfaClient().requestToken("s").accessToken().value()).isEqualTo("b");
        }
        assertThat(server.requests)
                .containsExactly(
                        "POST /oauth/tenant/acme/token",
                        "POST /tm/oauth/tenant/acme/token",
                        "POST /tm/oauth/tenant/acme/token",
                        "POST /oauth/tenant/acme/token",
                        "POST /oauth/tenant/acme/token");
    }

    @Test
    void vcfa_rejectionBehindTm_determinesPath() {
        server.enqueue(404, "")
                .enqueue(400, "{\"error\":\"invalid_grant\"}")
                .enqueue(400, "{\"error\":\"invalid_grant\"}");
        for (int i = 0; i < 2; i++) {
            assertThat(failure(() -> vcfaClient().requestToken("s")).errorType())
                    .isEqualTo(TokenErrorType.REFRESH_TOKEN_REJECTED);
        }
        assertThat(server.requests).hasSize(3).last().isEqualTo("POST /tm/oauth/tenant/acme/token");
    }

    @Test
    void vcfa_withoutEndpoint_startsWithFirstPathAgain() {
        server.enqueue(404, "").enqueue(404, "").enqueue(404, "").enqueue(405, "");
        for (int i = 0; i < 2; i++) {
            assertThat(failure(() -> vcfaClient().requestToken("s")).errorType())
                    .isEqualTo(TokenErrorType.TOKEN_ENDPOINT_NOT_FOUND);
        }
        assertThat(server.requests.get(2)).isEqualTo("POST /oauth/tenant/acme/token");
    }

    /** An OAuth error means that a token endpoint has read the token. */
    @ParameterizedTest
    @CsvSource({
        "404, invalid_client, 1",
        "405, invalid_request, 1",
        "404, invalid_grant, 1",
        "404, server_error, 1",
        "404, Not Found, 2",
        "404, NOT_FOUND, 2",
        "405, '', 2",
        "400, invalid_request, 1",
        "410, '', 1",
        "500, '', 1"
    })
    void vcfa_otherPath_isTriedOnlyIfEndpointIsMissing(int status, String error, int requests) {
        server.enqueue(status, "{\"error\":\"" + error + "\"}").enqueue(404, "");
        failure(() -> vcfaClient().requestToken("s"));
        assertThat(server.requests).hasSize(requests);
    }

    @ParameterizedTest
    @ValueSource(ints = {404, 405})
    void deviceEndpoint_movedBehindTmAndBack_isFound(int missing) throws Exception {
        String codes = "{\"device_code\":\"d\",\"user_code\":\"u\"}";
        server.enqueue(missing, "")
                .enqueue(200, codes)
                .enqueue(missing, "")
                .enqueue(200, codes)
                .enqueue(missing, "")
                .enqueue(missing, "");
        VcfaTokenClient client = deviceClient();
        client.requestCodes();
        client.requestCodes();
        assertThat(failure(client::requestCodes).errorType()).isEqualTo(TokenErrorType.TOKEN_ENDPOINT_NOT_FOUND);
        assertThat(server.requests)
                .containsExactly(
                        "POST /oauth/tenant/acme/device_authorization",
                        "POST /tm/oauth/tenant/acme/device_authorization",
                        "POST /tm/oauth/tenant/acme/device_authorization",
                        "POST /oauth/tenant/acme/device_authorization",
                        "POST /oauth/tenant/acme/device_authorization",
                        "POST /tm/oauth/tenant/acme/device_authorization");
    }

    @ParameterizedTest
    @CsvSource({
        "400, invalid_client, UNKNOWN_CLIENT",
        "401, '', UNKNOWN_CLIENT",
        "403, '', FORBIDDEN",
        "404, '', TOKEN_ENDPOINT_NOT_FOUND",
        "400, other, REJECTED"
    })
    void requestCodes_rejection_isClassified(int status, String error, TokenErrorType errorType) {
        String body = "{\"error\":\"" + error + "\"}";
        server.enqueue(status, body).enqueue(status, body);
        assertThat(failure(deviceClient()::requestCodes).errorType()).isEqualTo(errorType);
    }

    @ParameterizedTest
    @CsvSource({
        "'\"expires_in\":1800,\"interval\":10', PT30M, PT10S",
        "'\"expires_in\":0,\"interval\":0', PT10M, PT5S",
        "'\"expires_in\":-1,\"interval\":-1', PT10M, PT5S",
        "'\"expires_in\":1,\"interval\":1', PT1S, PT1S",
        "'\"expires_in\":99999999,\"interval\":99999', PT24H, PT5M",
        "'\"other\":1', PT10M, PT5S"
    })
    void requestCodes_limitsLifetimeAndInterval(String spans, Duration lifetime, Duration interval) throws Exception {
        server.enqueue(200, "{\"device_code\":\"d\",\"user_code\":\"u\"," + spans + "}");
        DeviceAuthorizationResponse codes = deviceClient().requestCodes();
        assertThat(Duration.between(ScriptedHttp.NOW, codes.expiresAt())).isEqualTo(lifetime);
        assertThat(codes.interval()).isEqualTo(interval);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"device_code\":\"d\"}", "{\"user_code\":\"u\"}", "{}"})
    void requestCodes_withoutCodesInResponse_fails(String body) {
        server.enqueue(200, body);
        assertThat(failure(deviceClient()::requestCodes).errorType()).isEqualTo(TokenErrorType.INVALID_RESPONSE);
    }

    // VCF Automation: polls of the device flow

    @ParameterizedTest
    @CsvSource({
        "400, '{\"error\":\"expired_token\"}', EXPIRED, the request was not approved in time",
        "400, '{\"error\":\"access_denied\"}', DENIED, the request was denied on the server",
        "400, '{\"error\":\"authorization_pending\"}', WAITING, ''",
        "200, '{\"access_token\":\"b\",\"expires_in\":60}', FAILED, the server approved the request without a refresh token",
        "200, '<html>', FAILED, the response of the server is invalid (HTTP 200 whose body is not a JSON object)",
        "400, '{\"error\":\"other\"}', FAILED, 'the server rejects the request (HTTP 400, other)'",
        "502, '', WAITING, 'the request was sent, but no valid response was received (HTTP 502)'"
    })
    void step_returnsStateForResponse(int status, String body, State state, String error) {
        server.enqueue(status, body);
        DeviceFlow flow = deviceFlow(new MutableClock());
        assertThat(flow.step()).isEqualTo(state).isEqualTo(flow.state());
        assertThat(flow.error()).isEqualTo(error);
    }

    @Test
    void pause_afterErrors_growsToFiveMinutes() {
        MutableClock clock = new MutableClock();
        DeviceFlow flow = deviceFlow(clock);
        List<Duration> pauses = new ArrayList<>();
        server.enqueue(502, "")
                .enqueue(429, "", "Retry-After", "3")
                .enqueue(429, "", "Retry-After", "200")
                .enqueue(502, "")
                .enqueue(400, "{\"error\":\"slow_down\"}");
        for (int i = 0; i < 5; i++) {
            flow.step();
            pauses.add(flow.pause());
            clock.advance(flow.pause());
        }
        assertThat(pauses)
                .containsExactly(
                        Duration.ofSeconds(2),
                        Duration.ofSeconds(3),
                        Duration.ofSeconds(200),
                        Duration.ofSeconds(300),
                        Duration.ofSeconds(305));
        clock.advance(Duration.ofHours(1));
        assertThat(flow.pause()).isZero();
    }

    /** If the request is still pending after a lost response, that response did not contain the token. */
    @ParameterizedTest
    @CsvSource({"authorization_pending, false", "slow_down, false", ", true"})
    void error_mentionsLostResponseUnlessPendingAfterwards(String nextError, boolean isMentioned) {
        MutableClock clock = new MutableClock();
        DeviceFlow flow = deviceFlow(clock);
        server.enqueue(502, "");
        if (nextError != null) {
            server.enqueue(400, "{\"error\":\"" + nextError + "\"}");
        }
        server.enqueue(400, "{\"error\":\"invalid_grant\"}");
        while (flow.step() == State.WAITING) {
            clock.advance(flow.pause());
        }
        assertThat(flow.state()).isEqualTo(State.FAILED);
        assertThat(flow.error().contains("refresh token was lost")).isEqualTo(isMentioned);
    }

    @Test
    void cancel_afterApproval_hasNoEffect() {
        server.enqueue(200, "{\"access_token\":\"b\",\"expires_in\":60,\"refresh_token\":\"r\"}");
        DeviceFlow flow = deviceFlow(new MutableClock());
        assertThat(flow.saveNow()).as("flow without an unsaved token").isEqualTo(State.WAITING);
        flow.step();
        flow.cancel();
        assertThat(flow.state()).isEqualTo(State.GRANTED);
        assertThat(flow.saveNow()).isEqualTo(State.GRANTED);
        assertThat(server.requests).hasSize(1);
    }

    // VCF Automation: access tokens of organizations

    @Test
    void tenantToken_rejection_isClassified() {
        for (int status : new int[] {400, 401, 403}) {
            assertThat(tenantFailure(status).errorType()).as("%s", status).isEqualTo(TokenErrorType.WRONG_ORGANIZATION);
        }
        assertThat(tenantFailure(404).errorType()).isEqualTo(TokenErrorType.TOKEN_ENDPOINT_NOT_FOUND);
        assertThat(tenantFailure(405).errorType()).isEqualTo(TokenErrorType.TOKEN_ENDPOINT_NOT_FOUND);
        assertThat(tenantFailure(409).errorType()).isEqualTo(TokenErrorType.REJECTED);
        assertThat(tenantFailure(500).errorType()).isEqualTo(TokenErrorType.OUTCOME_UNKNOWN);
    }

    private TokenRequestException tenantFailure(int status) {
        server.enqueue(200, list(RELYING_PARTY))
                .enqueue(200, list(ORGANIZATION))
                .enqueue(status, "");
        return failure(() -> tenantClient().requestToken("p"));
    }

    @ParameterizedTest
    @CsvSource({
        "401, PROVIDER_TOKEN_REJECTED, 1",
        "403, FORBIDDEN, 1",
        "404, TOKEN_ENDPOINT_NOT_FOUND, 2",
        "405, TOKEN_ENDPOINT_NOT_FOUND, 2",
        "409, REJECTED, 1",
        "406, REJECTED, 3",
        "400, REJECTED, 3",
        "500, OUTCOME_UNKNOWN, 1"
    })
    void tenantToken_rejectedList_isRequestedOnlyAsOftenAsNeeded(int status, TokenErrorType errorType, int tries) {
        for (int i = 0; i < 9; i++) {
            server.enqueue(status, "");
        }
        assertThat(failure(() -> tenantClient().requestToken("p")).errorType()).isEqualTo(errorType);
        assertThat(server.requests).hasSize(tries);
    }

    @Test
    void tenantToken_listsMovedBehindTmAndBack_areFound() throws Exception {
        String renamed = RELYING_PARTY.replace("clientName", "name");
        server.enqueue(404, "")
                .enqueue(200, list("{\"name\":\"other\"}," + renamed))
                .enqueue(200, list(ORGANIZATION))
                .enqueue(200, ACCESS_TOKEN)
                .enqueue(405, "")
                .enqueue(200, list(RELYING_PARTY))
                .enqueue(200, list(ORGANIZATION))
                .enqueue(200, ACCESS_TOKEN);
        for (int i = 0; i < 2; i++) {
            assertThat(tenantClient().requestToken("p").accessToken().value()).isEqualTo("b");
        }
        assertThat(server.requests)
                .containsExactly(
                        "GET /cloudapi/1.0.0/openIdProvider/relyingParties",
                        "GET /tm/cloudapi/1.0.0/openIdProvider/relyingParties",
                        "GET /tm/cloudapi/1.0.0/orgs",
                        "POST /oidc/oauth2/token",
                        "GET /tm/cloudapi/1.0.0/openIdProvider/relyingParties",
                        "GET /cloudapi/1.0.0/openIdProvider/relyingParties",
                        "GET /cloudapi/1.0.0/orgs",
                        "POST /oidc/oauth2/token");
    }

    @ParameterizedTest
    @CsvSource({
        "'{\"values\":[],\"pageCount\":2}', '{\"values\":[],\"pageCount\":2}', 2",
        "'{\"values\":[{\"name\":\"x\"}]}', '{\"values\":[]}', 2",
        "'{\"values\":[{\"name\":\"x\"}],\"pageCount\":1}', '', 1",
        "'{}', '', 1"
    })
    void tenantToken_list_isReadUpToItsLastPage(String first, String second, int pages) {
        server.enqueue(200, first).enqueue(200, second);
        TokenRequestException e = failure(() -> tenantClient().requestToken("p"));
        assertThat(e.errorType()).isEqualTo(TokenErrorType.TOKEN_ENDPOINT_NOT_FOUND);
        assertThat(e.detail()).contains("‘automation-relying-party’");
        assertThat(server.requests).hasSize(pages);
    }

    @Test
    void tenantToken_endlessList_isLimited() {
        for (int i = 0; i < 1_500; i++) {
            server.enqueue(200, "{\"values\":[{\"name\":\"x\"}]}");
        }
        assertThat(failure(() -> tenantClient().requestToken("p")).errorType())
                .isEqualTo(TokenErrorType.TOKEN_ENDPOINT_NOT_FOUND);
        assertThat(server.requests).hasSize(1_000);
    }

    @ParameterizedTest
    @CsvSource({
        "'{\"clientName\":\"automation-relying-party\"}', '', TOKEN_ENDPOINT_NOT_FOUND",
        "'{\"clientName\":\"automation-relying-party\",\"clientId\":\"1\"}', '{\"name\":\"acme\"}', WRONG_ORGANIZATION"
    })
    void tenantToken_listItemWithoutId_isIgnored(String party, String organization, TokenErrorType errorType) {
        server.enqueue(200, list(party)).enqueue(200, list(organization));
        assertThat(failure(() -> tenantClient().requestToken("p")).errorType()).isEqualTo(errorType);
    }

    // Cloud Services and SDDC Manager

    @ParameterizedTest
    @CsvSource({
        "'\"1893456000\"', 2030-01-01T00:00:00Z",
        "'\"1893456000000\"', 2030-01-01T00:00:00Z",
        "1893456000, 2030-01-01T00:00:00Z",
        "99999999999, 5138-11-16T09:46:39Z",
        "100000000000, 1973-03-03T09:46:40Z",
        "9223372036854775807, +37648-05-06T22:07:22.624Z",
        "1, 1970-01-01T00:00:01Z",
        "'\"never\"', ",
        "0, ",
        "-1, ",
        "null, "
    })
    void csp_secretExpiry_isReadInAllFormats(String value, Instant expiry) throws Exception {
        server.enqueue(200, "{\"expiresAt\":" + value + "}");
        assertThat(cspClient().secretExpiry("s", null)).isEqualTo(expiry);
    }

    @ParameterizedTest
    @CsvSource({
        "400, '{}', API_TOKEN_REJECTED, API_TOKEN_REJECTED, WRONG_SECRET",
        "401, '{}', API_TOKEN_REJECTED, API_TOKEN_REJECTED, WRONG_SECRET",
        "403, '{}', FORBIDDEN, FORBIDDEN, FORBIDDEN",
        "404, '{}', TOKEN_ENDPOINT_NOT_FOUND, TOKEN_ENDPOINT_NOT_FOUND, TOKEN_ENDPOINT_NOT_FOUND",
        "404, '{\"message\":\"no org\"}', WRONG_ORGANIZATION, API_TOKEN_REJECTED, WRONG_ORGANIZATION",
        "404, '{\"error\":\"no_org\"}', WRONG_ORGANIZATION, API_TOKEN_REJECTED, WRONG_ORGANIZATION",
        "405, '{}', TOKEN_ENDPOINT_NOT_FOUND, TOKEN_ENDPOINT_NOT_FOUND, TOKEN_ENDPOINT_NOT_FOUND",
        "409, '{}', REJECTED, REJECTED, REJECTED"
    })
    void csp_rejection_isClassified(
            int status, String body, TokenErrorType request, TokenErrorType details, TokenErrorType app) {
        server.enqueue(status, body).enqueue(status, body).enqueue(status, body);
        assertThat(failure(() -> cspClient().requestToken("s")).errorType()).isEqualTo(request);
        assertThat(failure(() -> cspClient().secretExpiry("s", null)).errorType())
                .isEqualTo(details);
        CspClientCredentialsClient appClient = new CspClientCredentialsClient(
                server.client,
                new Account(CspApiTokenClient.SYSTEM, URL, "", "app"),
                new CspClientCredentialsClient.App("app", "", 0));
        assertThat(failure(() -> appClient.requestToken("s")).errorType()).isEqualTo(app);
        assertThat(appClient.needsSecret()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "401, '{}', WRONG_SECRET",
        "400, '{\"errorCode\":\"IDENTITY_UNAUTHORIZED_ENTITY\"}', WRONG_SECRET",
        "401, '{\"message\":\"The account is LOCKED\"}', LOCKED_OUT",
        "403, '{}', FORBIDDEN",
        "404, '{}', TOKEN_ENDPOINT_NOT_FOUND",
        "405, '{}', TOKEN_ENDPOINT_NOT_FOUND",
        "400, '{}', REJECTED"
    })
    void sddc_rejection_isClassified(int status, String body, TokenErrorType errorType) {
        server.enqueue(status, body);
        assertThat(failure(() -> sddcClient().requestToken("s")).errorType()).isEqualTo(errorType);
    }

    @ParameterizedTest
    @CsvSource({
        "'{\"accessToken\":\"b\",\"refreshToken\":\"session\"}', session",
        "'{\"accessToken\":\"b\",\"refreshToken\":{\"id\":\"session\"}}', session",
        "'{\"accessToken\":\"b\"}', "
    })
    void sddc_session_isReadInAllFormats(String body, String session) throws Exception {
        server.enqueue(200, body);
        assertThat(sddcClient().requestToken("s").session()).isEqualTo(session);
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 403, 404, 405, 409})
    void sddc_rejectedSession_isFollowedByLogin(int status) throws Exception {
        server.enqueue(status, "").enqueue(200, "{\"accessToken\":\"b\"}");
        assertThat(sddcClient().refreshSession("s", "session").accessToken().value())
                .isEqualTo("b");
        assertThat(server.requests).containsExactly("PATCH /v1/tokens/access-token/refresh", "POST /v1/tokens");
    }

    /** These statuses do not mean that the session is invalid. */
    @ParameterizedTest
    @CsvSource({"408, OUTCOME_UNKNOWN", "429, THROTTLED", "500, OUTCOME_UNKNOWN", "503, OUTCOME_UNKNOWN"})
    void sddc_serverError_isNotFollowedByLogin(int status, TokenErrorType errorType) {
        server.enqueue(status, "");
        assertThat(failure(() -> sddcClient().refreshSession("s", "session")).errorType())
                .isEqualTo(errorType);
        assertThat(server.requests).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({"200, ", "204, ", "404, ", "500, NO_RESPONSE", "403, FORBIDDEN"})
    void sddc_failedRevocation_isReported(int status, TokenErrorType errorType) throws Exception {
        server.enqueue(status, "");
        TokenRequestException e = catchThrowableOfType(
                TokenRequestException.class, () -> sddcClient().revokeSession("session"));
        assertThat(e == null ? null : e.errorType()).isEqualTo(errorType);
    }

    // All APIs

    @ParameterizedTest
    @CsvSource({
        "302, , REDIRECTED, HTTP 302",
        "307, 'https://a.example.com/in?token=the-secret#frag', REDIRECTED, HTTP 307 to https://a.example.com/in",
        "399, /the-secret/in, REDIRECTED, HTTP 399 to /****/in",
        "408, , OUTCOME_UNKNOWN, HTTP 408",
        "409, , REJECTED, HTTP 409",
        "499, , REJECTED, HTTP 499",
        "500, , OUTCOME_UNKNOWN, HTTP 500",
        "503, , OUTCOME_UNKNOWN, HTTP 503",
        "599, , OUTCOME_UNKNOWN, HTTP 599"
    })
    void status_isClassified(int status, String location, TokenErrorType errorType, String detail) {
        server.enqueue(status, "", location == null ? new String[0] : new String[] {"Location", location});
        TokenRequestException e = failure(() -> vcfaClient().requestToken("the-secret"));
        assertThat(e.errorType()).isEqualTo(errorType);
        assertThat(e.detail()).isEqualTo(detail);
    }

    /** The message of OkHttp contains text that it cannot parse, which may include a secret. */
    @Test
    void ioExceptionMessage_isRedacted() {
        server.failWith("Unexpected status line: \u001b[31mHTTP/9\nWARNING " + "t".repeat(32));
        assertThat(failure(() -> vcfaClient().requestToken("s")).detail())
                .endsWith(": IOException (Unexpected status line: [31mHTTP/9 WARNING ****)");
    }

    @Test
    void ioExceptionWithoutMessage_isDescribedByItsClass() {
        TokenRequestException e = failure(() -> vcfaClient().requestToken("s"));
        assertThat(e.errorType()).isEqualTo(TokenErrorType.UNREACHABLE);
        assertThat(e.detail()).isEqualTo("POST https://vcf.example.com/oauth/tenant/acme/token: IOException");
    }

    @ParameterizedTest
    @CsvSource({"0, false", "1, true"})
    void responseSize_isLimitedToOneMebibyte(int extraBytes, boolean isRejected) {
        int size = AtMostOnceHttpClient.MAX_RESPONSE_BYTES - ACCESS_TOKEN.length();
        server.enqueue(200, ACCESS_TOKEN + " ".repeat(size + extraBytes));
        TokenRequestException e = catchThrowableOfType(
                TokenRequestException.class, () -> vcfaClient().requestToken("s"));
        assertThat(e != null).isEqualTo(isRejected);
        if (isRejected) {
            assertThat(e.detail())
                    .isEqualTo("HTTP 200 with more than 1048576 bytes from "
                            + "https://vcf.example.com/oauth/tenant/acme/token");
        }
    }

    private static String list(String items) {
        return "{\"pageCount\":1,\"values\":[" + items + "]}";
    }

    private VcfaTokenClient vcfaClient() {
        return new VcfaTokenClient(server.client, new Account(VcfaTokenClient.SYSTEM, URL, "acme"));
    }

    private VcfaTokenClient deviceClient() {
        return new VcfaTokenClient(server.client, new Account(VcfaTokenClient.SYSTEM, URL, "acme"), "client");
    }

    /** Creates a device flow that polls in its next step. */
    private DeviceFlow deviceFlow(MutableClock clock) {
        DeviceAuthorizationResponse codes = new DeviceAuthorizationResponse(
                "d", "u", null, null, clock.instant().plus(Duration.ofDays(1)), Duration.ofSeconds(1));
        DeviceFlow flow = new DeviceFlow(deviceClient(), codes, (token, accessToken) -> {}, clock);
        clock.advance(Duration.ofSeconds(1));
        return flow;
    }

    private VcfaTenantTokenExchangeClient tenantClient() {
        return new VcfaTenantTokenExchangeClient(server.client, new Account(VcfaTokenClient.SYSTEM, URL, "acme"));
    }

    private CspApiTokenClient cspClient() {
        return new CspApiTokenClient(server.client, new Account(CspApiTokenClient.SYSTEM, URL, ""));
    }

    private SddcManagerTokenClient sddcClient() {
        return new SddcManagerTokenClient(server.client, new Account(SddcManagerTokenClient.SYSTEM, URL, "", "user"));
    }
}
