package io.jenkins.plugins.vcftoken.oauth;

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

/** Responses of other versions, gateways and portals, which the strict simulator does not give. */
class UnusualResponsesTest {

    private static final URI URL = URI.create("https://vcf.example.com");
    private static final String ACCESS_TOKEN = "{\"access_token\":\"b\",\"expires_in\":60}";
    private static final String PARTY = "{\"clientName\":\"automation-relying-party\",\"clientId\":\"party-1\"}";
    private static final String ORGANIZATION = "{\"name\":\"acme\",\"id\":\"urn:vcloud:org:0000-1\"}";

    private final ScriptedHttp server = new ScriptedHttp();

    // VCF Automation: paths of the token endpoint

    @Test
    void aServiceThatMovesBackFromTmIsFoundAgain() throws Exception {
        server.answer(404, "")
                .answer(200, ACCESS_TOKEN)
                .answer(405, "")
                .answer(200, ACCESS_TOKEN)
                .answer(200, ACCESS_TOKEN);
        for (int i = 0; i < 3; i++) {
            assertThat(refresh().requestToken("s").accessToken().value()).isEqualTo("b");
        }
        assertThat(server.asked)
                .containsExactly(
                        "POST /oauth/tenant/acme/token",
                        "POST /tm/oauth/tenant/acme/token",
                        "POST /tm/oauth/tenant/acme/token",
                        "POST /oauth/tenant/acme/token",
                        "POST /oauth/tenant/acme/token");
    }

    /** A rejection comes from a token endpoint, too. */
    @Test
    void aRefusalBehindTmSettlesWhereTheServiceIs() {
        server.answer(404, "")
                .answer(400, "{\"error\":\"invalid_grant\"}")
                .answer(400, "{\"error\":\"invalid_grant\"}");
        for (int i = 0; i < 2; i++) {
            assertThat(failure(() -> refresh().requestToken("s")).tokenError()).isEqualTo(TokenError.SPENT_OR_REVOKED);
        }
        assertThat(server.asked).hasSize(3).last().isEqualTo("POST /tm/oauth/tenant/acme/token");
    }

    @Test
    void whereNeitherPlaceAnswersTheFirstOneIsTriedFirstAgain() {
        server.answer(404, "").answer(404, "").answer(404, "").answer(405, "");
        for (int i = 0; i < 2; i++) {
            assertThat(failure(() -> refresh().requestToken("s")).tokenError()).isEqualTo(TokenError.NO_SUCH_SERVICE);
        }
        assertThat(server.asked.get(2)).isEqualTo("POST /oauth/tenant/acme/token");
    }

    /** An error of OAuth comes from a token endpoint, which has read the token. */
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
    void theOtherPathIsTried_onlyAfterAnAnswerOfNoTokenEndpoint(int status, String error, int requests) {
        server.answer(status, "{\"error\":\"" + error + "\"}").answer(404, "");
        failure(() -> refresh().requestToken("s"));
        assertThat(server.asked).hasSize(requests);
    }

    @ParameterizedTest
    @ValueSource(ints = {404, 405})
    void deviceCodesAreFoundBehindTmAndBack(int missing) throws Exception {
        String codes = "{\"device_code\":\"d\",\"user_code\":\"u\"}";
        server.answer(missing, "")
                .answer(200, codes)
                .answer(missing, "")
                .answer(200, codes)
                .answer(missing, "")
                .answer(missing, "");
        VcfaTokenClient account = device();
        account.requestCodes();
        account.requestCodes();
        assertThat(failure(account::requestCodes).tokenError()).isEqualTo(TokenError.NO_SUCH_SERVICE);
        assertThat(server.asked)
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
        "404, '', NO_SUCH_SERVICE",
        "400, other, REJECTED"
    })
    void aRefusalOfCodesIsToldForWhatItIs(int status, String error, TokenError tokenError) {
        String body = "{\"error\":\"" + error + "\"}";
        server.answer(status, body).answer(status, body);
        assertThat(failure(device()::requestCodes).tokenError()).isEqualTo(tokenError);
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
    void spansOfCodesAreKeptWithinReason(String spans, Duration lifetime, Duration interval) throws Exception {
        server.answer(200, "{\"device_code\":\"d\",\"user_code\":\"u\"," + spans + "}");
        DeviceAuthorizationResponse codes = device().requestCodes();
        assertThat(Duration.between(ScriptedHttp.NOW, codes.expiresAt())).isEqualTo(lifetime);
        assertThat(codes.interval()).isEqualTo(interval);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"device_code\":\"d\"}", "{\"user_code\":\"u\"}", "{}"})
    void codesThatAreNotThereAreNoHarm(String body) {
        server.answer(200, body);
        assertThat(failure(device()::requestCodes).tokenError()).isEqualTo(TokenError.STRANGE_ANSWER);
    }

    // VCF Automation: polls of the device flow

    @ParameterizedTest
    @CsvSource({
        "400, '{\"error\":\"expired_token\"}', EXPIRED, the request was not approved in time",
        "400, '{\"error\":\"access_denied\"}', DENIED, the request was denied on the server",
        "400, '{\"error\":\"authorization_pending\"}', WAITING, ''",
        "200, '{\"access_token\":\"b\",\"expires_in\":60}', FAILED, the server approved the request without a refresh token",
        "200, '<html>', FAILED, the server's answer cannot be understood (HTTP 200 whose body is not a JSON object)",
        "400, '{\"error\":\"other\"}', FAILED, 'the server rejects the request (HTTP 400, other)'",
        "502, '', WAITING, 'the request left, but no usable answer came back (HTTP 502)'"
    })
    void eachAnswerToAQuestionEndsIt(int status, String body, State state, String error) {
        server.answer(status, body);
        DeviceFlow attempt = attempt(new MutableClock());
        assertThat(attempt.step()).isEqualTo(state).isEqualTo(attempt.state());
        assertThat(attempt.error()).isEqualTo(error);
    }

    @Test
    void pausesGrowWhileTheServerIsInTroubleAndNeverBeyondFiveMinutes() {
        MutableClock clock = new MutableClock();
        DeviceFlow attempt = attempt(clock);
        List<Duration> pauses = new ArrayList<>();
        server.answer(502, "")
                .answer(429, "", "Retry-After", "3")
                .answer(429, "", "Retry-After", "200")
                .answer(502, "")
                .answer(400, "{\"error\":\"slow_down\"}");
        for (int i = 0; i < 5; i++) {
            attempt.step();
            pauses.add(attempt.pause());
            clock.advance(attempt.pause());
        }
        assertThat(pauses)
                .containsExactly(
                        Duration.ofSeconds(2),
                        Duration.ofSeconds(3),
                        Duration.ofSeconds(200),
                        Duration.ofSeconds(300),
                        Duration.ofSeconds(305));
        clock.advance(Duration.ofHours(1));
        assertThat(attempt.pause()).isZero();
    }

    /** A pending response after the lost one shows that the lost one did not contain the token. */
    @ParameterizedTest
    @CsvSource({"authorization_pending, false", "slow_down, false", ", true"})
    void aLostAnswerIsBlamedUnlessTheServerWentOnWaiting(String between, boolean blamed) {
        MutableClock clock = new MutableClock();
        DeviceFlow attempt = attempt(clock);
        server.answer(502, "");
        if (between != null) {
            server.answer(400, "{\"error\":\"" + between + "\"}");
        }
        server.answer(400, "{\"error\":\"invalid_grant\"}");
        while (attempt.step() == State.WAITING) {
            clock.advance(attempt.pause());
        }
        assertThat(attempt.state()).isEqualTo(State.FAILED);
        assertThat(attempt.error().contains("lost on the way")).isEqualTo(blamed);
    }

    @Test
    void whatIsGrantedCannotBeCanceled() {
        server.answer(200, "{\"access_token\":\"b\",\"expires_in\":60,\"refresh_token\":\"r\"}");
        DeviceFlow attempt = attempt(new MutableClock());
        assertThat(attempt.saveNow()).as("nothing is at stake").isEqualTo(State.WAITING);
        attempt.step();
        attempt.cancel();
        assertThat(attempt.state()).isEqualTo(State.GRANTED);
        assertThat(attempt.saveNow()).isEqualTo(State.GRANTED);
        assertThat(server.asked).hasSize(1);
    }

    // VCF Automation: access tokens of organizations

    @Test
    void whatTheProvidersAccessTokenIsRefusedForIsToldForWhatItIs() {
        for (int status : new int[] {400, 401, 403}) {
            assertThat(organizationFailure(status).tokenError())
                    .as("%s", status)
                    .isEqualTo(TokenError.WRONG_ORGANIZATION);
        }
        assertThat(organizationFailure(404).tokenError()).isEqualTo(TokenError.NO_SUCH_SERVICE);
        assertThat(organizationFailure(405).tokenError()).isEqualTo(TokenError.NO_SUCH_SERVICE);
        assertThat(organizationFailure(409).tokenError()).isEqualTo(TokenError.REJECTED);
        assertThat(organizationFailure(500).tokenError()).isEqualTo(TokenError.OUTCOME_UNKNOWN);
    }

    private TokenRequestException organizationFailure(int status) {
        server.answer(200, list(PARTY)).answer(200, list(ORGANIZATION)).answer(status, "");
        return failure(() -> organization().requestToken("p"));
    }

    @ParameterizedTest
    @CsvSource({
        "401, PROVIDER_TOKEN_REFUSED, 1",
        "403, FORBIDDEN, 1",
        "404, NO_SUCH_SERVICE, 2",
        "405, NO_SUCH_SERVICE, 2",
        "409, REJECTED, 1",
        "406, REJECTED, 3",
        "400, REJECTED, 3",
        "500, OUTCOME_UNKNOWN, 1"
    })
    void whatAListIsRefusedForIsToldAfterNoMoreTriesThanItTakes(int status, TokenError tokenError, int tries) {
        for (int i = 0; i < 9; i++) {
            server.answer(status, "");
        }
        assertThat(failure(() -> organization().requestToken("p")).tokenError()).isEqualTo(tokenError);
        assertThat(server.asked).hasSize(tries);
    }

    @Test
    void theListsAreFoundBehindTmAndBack() throws Exception {
        String renamed = PARTY.replace("clientName", "name");
        server.answer(404, "")
                .answer(200, list("{\"name\":\"other\"}," + renamed))
                .answer(200, list(ORGANIZATION))
                .answer(200, ACCESS_TOKEN)
                .answer(405, "")
                .answer(200, list(PARTY))
                .answer(200, list(ORGANIZATION))
                .answer(200, ACCESS_TOKEN);
        for (int i = 0; i < 2; i++) {
            assertThat(organization().requestToken("p").accessToken().value()).isEqualTo("b");
        }
        assertThat(server.asked)
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
    void aListIsReadToItsEndAndNoFurther(String first, String second, int pages) {
        server.answer(200, first).answer(200, second);
        TokenRequestException e = failure(() -> organization().requestToken("p"));
        assertThat(e.tokenError()).isEqualTo(TokenError.NO_SUCH_SERVICE);
        assertThat(e.detail()).contains("‘automation-relying-party’");
        assertThat(server.asked).hasSize(pages);
    }

    @Test
    void aListWithoutEndIsLeftAtSomePoint() {
        for (int i = 0; i < 1_500; i++) {
            server.answer(200, "{\"values\":[{\"name\":\"x\"}]}");
        }
        assertThat(failure(() -> organization().requestToken("p")).tokenError()).isEqualTo(TokenError.NO_SUCH_SERVICE);
        assertThat(server.asked).hasSize(1_000);
    }

    @ParameterizedTest
    @CsvSource({
        "'{\"clientName\":\"automation-relying-party\"}', '', NO_SUCH_SERVICE",
        "'{\"clientName\":\"automation-relying-party\",\"clientId\":\"1\"}', '{\"name\":\"acme\"}', WRONG_ORGANIZATION"
    })
    void whatIsListedWithoutAnIdIsNotThere(String party, String organization, TokenError tokenError) {
        server.answer(200, list(party)).answer(200, list(organization));
        assertThat(failure(() -> organization().requestToken("p")).tokenError()).isEqualTo(tokenError);
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
    void theEndOfAnApiTokenIsReadHoweverItIsWritten(String written, Instant end) throws Exception {
        server.answer(200, "{\"expiresAt\":" + written + "}");
        assertThat(apiTokens().secretExpiry("s", null)).isEqualTo(end);
    }

    @ParameterizedTest
    @CsvSource({
        "400, '{}', API_TOKEN_REFUSED, API_TOKEN_REFUSED, WRONG_SECRET",
        "401, '{}', API_TOKEN_REFUSED, API_TOKEN_REFUSED, WRONG_SECRET",
        "403, '{}', FORBIDDEN, FORBIDDEN, FORBIDDEN",
        "404, '{}', NO_SUCH_SERVICE, NO_SUCH_SERVICE, NO_SUCH_SERVICE",
        "404, '{\"message\":\"no org\"}', WRONG_ORGANIZATION, API_TOKEN_REFUSED, WRONG_ORGANIZATION",
        "404, '{\"error\":\"no_org\"}', WRONG_ORGANIZATION, API_TOKEN_REFUSED, WRONG_ORGANIZATION",
        "405, '{}', NO_SUCH_SERVICE, NO_SUCH_SERVICE, NO_SUCH_SERVICE",
        "409, '{}', REJECTED, REJECTED, REJECTED"
    })
    void whatCloudServicesRefuseIsToldForWhatItIs(
            int status, String body, TokenError exchange, TokenError details, TokenError app) {
        server.answer(status, body).answer(status, body).answer(status, body);
        assertThat(failure(() -> apiTokens().requestToken("s")).tokenError()).isEqualTo(exchange);
        assertThat(failure(() -> apiTokens().secretExpiry("s", null)).tokenError())
                .isEqualTo(details);
        CspClientCredentialsClient service = new CspClientCredentialsClient(
                server.client,
                new Account(CspApiTokenClient.SYSTEM, URL, "", "app"),
                new CspClientCredentialsClient.App("app", "", 0));
        assertThat(failure(() -> service.requestToken("s")).tokenError()).isEqualTo(app);
        assertThat(service.needsSecret()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "401, '{}', WRONG_SECRET",
        "400, '{\"errorCode\":\"IDENTITY_UNAUTHORIZED_ENTITY\"}', WRONG_SECRET",
        "401, '{\"message\":\"The account is LOCKED\"}', LOCKED_OUT",
        "403, '{}', FORBIDDEN",
        "404, '{}', NO_SUCH_SERVICE",
        "405, '{}', NO_SUCH_SERVICE",
        "400, '{}', REJECTED"
    })
    void whatSddcManagerRefusesIsToldForWhatItIs(int status, String body, TokenError tokenError) {
        server.answer(status, body);
        assertThat(failure(() -> sddc().requestToken("s")).tokenError()).isEqualTo(tokenError);
    }

    @ParameterizedTest
    @CsvSource({
        "'{\"accessToken\":\"b\",\"refreshToken\":\"session\"}', session",
        "'{\"accessToken\":\"b\",\"refreshToken\":{\"id\":\"session\"}}', session",
        "'{\"accessToken\":\"b\"}', "
    })
    void aSessionIsReadHoweverItIsWritten(String body, String session) throws Exception {
        server.answer(200, body);
        assertThat(sddc().requestToken("s").session()).isEqualTo(session);
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 403, 404, 405, 409})
    void aSessionThatIsRefusedCostsALogin(int status) throws Exception {
        server.answer(status, "").answer(200, "{\"accessToken\":\"b\"}");
        assertThat(sddc().refreshSession("s", "session").accessToken().value()).isEqualTo("b");
        assertThat(server.asked).containsExactly("PATCH /v1/tokens/access-token/refresh", "POST /v1/tokens");
    }

    /** None of these says anything about the session. */
    @ParameterizedTest
    @CsvSource({"408, OUTCOME_UNKNOWN", "429, THROTTLED", "500, OUTCOME_UNKNOWN", "503, OUTCOME_UNKNOWN"})
    void aServerThatIsBusyCostsNoLogin(int status, TokenError tokenError) {
        server.answer(status, "");
        assertThat(failure(() -> sddc().refreshSession("s", "session")).tokenError())
                .isEqualTo(tokenError);
        assertThat(server.asked).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({"200, ", "204, ", "404, ", "500, NO_ANSWER", "403, FORBIDDEN"})
    void aSessionThatCannotBeLetGoIsSaidSo(int status, TokenError tokenError) throws Exception {
        server.answer(status, "");
        TokenRequestException e =
                catchThrowableOfType(TokenRequestException.class, () -> sddc().revokeSession("session"));
        assertThat(e == null ? null : e.tokenError()).isEqualTo(tokenError);
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
    void aStatusMeansTheSameEverywhere(int status, String location, TokenError tokenError, String detail) {
        server.answer(status, "", location == null ? new String[0] : new String[] {"Location", location});
        TokenRequestException e = failure(() -> refresh().requestToken("the-secret"));
        assertThat(e.tokenError()).isEqualTo(tokenError);
        assertThat(e.detail()).isEqualTo(detail);
    }

    /** OkHttp quotes what it cannot parse, which may be a secret that the server repeats. */
    @Test
    void whatTheHttpClientQuotesIsStruckOut() {
        server.breakWith("Unexpected status line: \u001b[31mHTTP/9\nWARNING " + "t".repeat(32));
        assertThat(failure(() -> refresh().requestToken("s")).detail())
                .endsWith(": IOException (Unexpected status line: [31mHTTP/9 WARNING ****)");
    }

    @Test
    void aConnectionThatBreaksWithoutAWordIsNamedByItsKind() {
        TokenRequestException e = failure(() -> refresh().requestToken("s"));
        assertThat(e.tokenError()).isEqualTo(TokenError.UNREACHABLE);
        assertThat(e.detail()).isEqualTo("POST https://vcf.example.com/oauth/tenant/acme/token: IOException");
    }

    @ParameterizedTest
    @CsvSource({"0, false", "1, true"})
    void anAnswerOfAMebibyteIsReadAndOneByteMoreIsNot(int more, boolean refused) {
        int size = OneShotHttpClient.MAX_ANSWER_BYTES - ACCESS_TOKEN.length();
        server.answer(200, ACCESS_TOKEN + " ".repeat(size + more));
        TokenRequestException e = catchThrowableOfType(
                TokenRequestException.class, () -> refresh().requestToken("s"));
        assertThat(e != null).isEqualTo(refused);
        if (refused) {
            assertThat(e.detail())
                    .isEqualTo("HTTP 200 with more than 1048576 bytes from "
                            + "https://vcf.example.com/oauth/tenant/acme/token");
        }
    }

    private interface Ask {
        Object run() throws TokenRequestException;
    }

    private static TokenRequestException failure(Ask ask) {
        return catchThrowableOfType(TokenRequestException.class, ask::run);
    }

    private static String list(String items) {
        return "{\"pageCount\":1,\"values\":[" + items + "]}";
    }

    private VcfaTokenClient refresh() {
        return new VcfaTokenClient(server.client, new Account(VcfaTokenClient.SYSTEM, URL, "acme"));
    }

    private VcfaTokenClient device() {
        return new VcfaTokenClient(server.client, new Account(VcfaTokenClient.SYSTEM, URL, "acme"), "client");
    }

    /** A device flow whose next poll is due. */
    private DeviceFlow attempt(MutableClock clock) {
        DeviceAuthorizationResponse codes = new DeviceAuthorizationResponse(
                "d", "u", null, null, clock.instant().plus(Duration.ofDays(1)), Duration.ofSeconds(1));
        DeviceFlow attempt = new DeviceFlow(device(), codes, (token, accessToken) -> {}, clock);
        clock.advance(Duration.ofSeconds(1));
        return attempt;
    }

    private VcfaTenantTokenClient organization() {
        return new VcfaTenantTokenClient(server.client, new Account(VcfaTokenClient.SYSTEM, URL, "acme"));
    }

    private CspApiTokenClient apiTokens() {
        return new CspApiTokenClient(server.client, new Account(CspApiTokenClient.SYSTEM, URL, ""));
    }

    private SddcManagerTokenClient sddc() {
        return new SddcManagerTokenClient(server.client, new Account(SddcManagerTokenClient.SYSTEM, URL, "", "user"));
    }
}
