package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Expiry of a user's API token in VCF Automation, and cases without a reliable expiry. */
class ApiTokenExpiryTest extends TokenClientTestBase {

    private static final String CLIENT_ID = "7b0f9a52-3c53-4bd5-9c55-0c1d6d0f7a01";
    private static final String OTHER_CLIENT_ID = "7b0f9a52-3c53-4bd5-9c55-0c1d6d0f7a02";
    private static final Instant EXPIRY = Instant.parse("2099-03-01T12:30:00Z");

    @AfterEach
    void verifyEachTokenWasSentOnce() {
        assertThat(simulator.maxRequestsPerSecret()).isLessThanOrEqualTo(1);
    }

    @Test
    void secretExpiry_withClientId_isThatOfTheMatchingToken() throws Exception {
        AccessToken accessToken = accessToken(simulator.apiTokens().addUser("ann", "acme", CLIENT_ID, EXPIRY), "acme");
        simulator.apiTokens().list("ann", "acme", OTHER_CLIENT_ID, EXPIRY.plusSeconds(1));
        assertThat(expiry(CLIENT_ID, accessToken)).isEqualTo(EXPIRY);
        assertThat(expiry(OTHER_CLIENT_ID.toUpperCase(java.util.Locale.ROOT), accessToken))
                .isEqualTo(EXPIRY.plusSeconds(1));
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void secretExpiry_withoutClientId_isThatOfTheOnlyToken() throws Exception {
        AccessToken accessToken = accessToken(simulator.apiTokens().addUser("ann", "acme", CLIENT_ID, EXPIRY), "acme");
        simulator.apiTokens().list("bob", "acme", OTHER_CLIENT_ID, EXPIRY.plusSeconds(1));
        assertThat(expiry("", accessToken)).isEqualTo(EXPIRY);
    }

    @Test
    void secretExpiry_withoutUniqueMatch_isNull() throws Exception {
        AccessToken accessToken = accessToken(simulator.apiTokens().addUser("ann", "acme", CLIENT_ID, EXPIRY), "acme");
        simulator.apiTokens().list("ann", "acme", OTHER_CLIENT_ID, EXPIRY);
        assertThat(expiry("", accessToken)).isNull();
        // The only other token must not be used instead of an unknown one.
        assertThat(expiry("7b0f9a52-3c53-4bd5-9c55-0c1d6d0f7a03", accessToken)).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", CLIENT_ID})
    void secretExpiry_ofServiceAccount_isNull(String clientId) throws Exception {
        AccessToken accessToken = accessToken(simulator.addAccount("ci", "acme"), "acme");
        assertThat(expiry(clientId, accessToken)).isNull();
        simulator.apiTokens().list("ci", "acme", CLIENT_ID, null);
        assertThat(expiry(clientId, accessToken)).isNull();
        assertThat(simulator.rotations()).isEqualTo(1);
    }

    @Test
    void secretExpiry_withSeveralPages_readsAllPages() throws Exception {
        AccessToken accessToken =
                accessToken(simulator.apiTokens().addUser("ann", "acme", OTHER_CLIENT_ID, EXPIRY), "acme");
        simulator.apiTokens().setCap(1);
        simulator.apiTokens().list("ann", "acme", CLIENT_ID, EXPIRY.plusSeconds(7));
        assertThat(expiry(CLIENT_ID, accessToken)).isEqualTo(EXPIRY.plusSeconds(7));
        assertThat(simulator.apiTokens().listRequests()).isEqualTo(2);
        // The first page has a single token.
        assertThat(expiry("", accessToken)).isNull();
        assertThat(simulator.apiTokens().listRequests()).isEqualTo(4);
    }

    @Test
    void secretExpiry_withTooManyPages_isNull() throws Exception {
        AccessToken accessToken = accessToken(simulator.apiTokens().addUser("ann", "acme", "first", EXPIRY), "acme");
        simulator.apiTokens().setCap(1);
        for (int i = 0; i < CloudApiQueryClient.MAX_TOKEN_PAGES; i++) {
            simulator.apiTokens().list("ann", "acme", "other-" + i, EXPIRY);
        }
        simulator.apiTokens().list("ann", "acme", CLIENT_ID, EXPIRY);
        assertThat(expiry(CLIENT_ID, accessToken)).isNull();
        assertThat(simulator.apiTokens().listRequests()).isEqualTo(CloudApiQueryClient.MAX_TOKEN_PAGES);
    }

    @ParameterizedTest
    @ValueSource(strings = {"9.1.0", "9.0.0", "40.0"})
    void apiVersion_isNegotiatedAndRemembered(String version) throws Exception {
        AccessToken accessToken = accessToken(simulator.apiTokens().addUser("ann", "acme", CLIENT_ID, EXPIRY), "acme");
        simulator.tenants().setVersions(Set.of(version));
        expiry("", accessToken);
        int first = simulator.apiTokens().listRequests();
        assertThat(expiry("", accessToken)).isEqualTo(EXPIRY);
        assertThat(simulator.apiTokens().listRequests() - first).isEqualTo(1);
    }

    /** On some servers, only the token endpoint is below {@code /tm}. */
    @Test
    void pathOfTokenList_isRememberedSeparately() throws Exception {
        simulator.useTmPathPrefix();
        String token = simulator.apiTokens().addUser("ann", "acme", CLIENT_ID, EXPIRY);
        AccessToken accessToken = accessToken(token, "acme");
        int notFound = simulator.notFound();
        assertThat(expiry("", accessToken)).isEqualTo(EXPIRY);
        assertThat(expiry("", accessToken)).isEqualTo(EXPIRY);
        assertThat(simulator.notFound() - notFound).isEqualTo(1);
        assertThat(http.capabilities()
                        .isBehindTm(okhttp3.HttpUrl.get(simulator.url().toString())))
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "2099-03-01T12:30:00Z, 2099-03-01T12:30:00Z",
        "2099-03-01T12:30:00.123Z, 2099-03-01T12:30:00.123Z",
        "2099-03-01T12:30:00.000+0000, 2099-03-01T12:30:00Z",
        "2099-03-01T12:30:00+02:00, 2099-03-01T10:30:00Z",
        "2099-03-01T12:30:00+02, 2099-03-01T10:30:00Z",
        "' 2099-03-01T12:30:00 ', 2099-03-01T12:30:00Z",
        "2099-03-01,",
        "4076481000,",
        "soon,",
        "' ',",
        // Before the access token was issued, and the year that stands for "never"
        "1970-01-01T00:00:00Z,",
        "9999-12-31T23:59:59Z,",
        "+999999999-12-31T23:59:59-18:00,"
    })
    void secretExpiry_isReadFromPlausibleTimesOnly(String time, Instant expected) throws Exception {
        AccessToken accessToken = accessToken(simulator.addAccount("ann", "acme"), "acme");
        simulator.apiTokens().setAnswer(200, list(token(CLIENT_ID, "REFRESH", "ann", "acme", '"' + time + '"')));
        assertThat(expiry("", accessToken)).isEqualTo(expected);
        assertThat(expiry(CLIENT_ID, accessToken)).isEqualTo(expected);
    }

    @Test
    void secretExpiry_withNumericTime_isNull() throws Exception {
        AccessToken accessToken = accessToken(simulator.addAccount("ann", "acme"), "acme");
        simulator.apiTokens().setAnswer(200, list(token(CLIENT_ID, "REFRESH", "ann", "acme", "4076481000")));
        assertThat(expiry("", accessToken)).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "REFRESH, ANN, ACME, true",
        "REFRESH, bob, acme, false",
        "REFRESH, '', acme, false",
        "REFRESH, ann, other, false",
        "REFRESH, ann, '', true",
        "PROXY, ann, acme, false",
        "'', ann, acme, false"
    })
    void secretExpiry_withoutClientId_requiresMatchingTypeAndOwner(
            String type, String owner, String organization, boolean isFound) throws Exception {
        AccessToken accessToken = accessToken(simulator.addAccount("ann", "acme"), "acme");
        simulator.apiTokens().setAnswer(200, list(token(CLIENT_ID, type, owner, organization, "\"" + EXPIRY + '"')));
        assertThat(expiry("", accessToken)).isEqualTo(isFound ? EXPIRY : null);
    }

    @Test
    void secretExpiry_ignoresInvalidItemsAndOtherTypes() throws Exception {
        AccessToken accessToken = accessToken(simulator.addAccount("ann", "acme"), "acme");
        String end = '"' + EXPIRY.toString() + '"';
        simulator
                .apiTokens()
                .setAnswer(
                        200,
                        list("7,null,{},{\"id\":[],\"type\":\"REFRESH\",\"owner\":7},"
                                + token(OTHER_CLIENT_ID, "PROXY", "ann", "acme", end) + ','
                                + token(CLIENT_ID, "REFRESH", "ann", "acme", end)));
        assertThat(expiry(CLIENT_ID, accessToken)).isEqualTo(EXPIRY);
        assertThat(expiry(OTHER_CLIENT_ID, accessToken)).isNull();
        assertThat(expiry("", accessToken)).isNull();
    }

    @Test
    void secretExpiry_withOpaqueAccessToken_requiresClientId() throws Exception {
        String only = "{\"pageCount\":1,\"values\":["
                + token(CLIENT_ID, "REFRESH", "ann", "acme", '"' + EXPIRY.toString() + '"') + "]}";
        server.enqueue(200, only).enqueue(200, only);
        AccessToken opaque = new AccessToken("opaque", ScriptedHttp.NOW, ScriptedHttp.NOW.plusSeconds(60));
        Account account = new Account(VcfaTokenClient.SYSTEM, java.net.URI.create("https://host.example.com"), "acme");
        assertThat(new VcfaTokenClient(server.client, account).secretExpiry("", opaque))
                .isNull();
        assertThat(new VcfaTokenClient(server.client, account, CLIENT_ID).secretExpiry("", opaque))
                .isEqualTo(EXPIRY);
    }

    @ParameterizedTest
    @CsvSource({
        "401, '', FORBIDDEN, 1",
        "403, '{\"minorErrorCode\":\"ACCESS_TO_RESOURCE_IS_FORBIDDEN\",\"message\":\"No\"}', FORBIDDEN, 1",
        "404, '<html>', TOKEN_ENDPOINT_NOT_FOUND, 1",
        "405, '', TOKEN_ENDPOINT_NOT_FOUND, 1",
        "406, '', REJECTED, 3",
        "400, '{\"message\":\"filter\"}', REJECTED, 3",
        "307, '', REDIRECTED, 1",
        "500, '', NO_RESPONSE, 1",
        "200, '', INVALID_RESPONSE, 1",
        "200, '<html>', INVALID_RESPONSE, 1",
        "200, '[]', INVALID_RESPONSE, 1",
        "200, '{\"values\":[{\"id\":', INVALID_RESPONSE, 1",
        "200, huge, INVALID_RESPONSE, 1"
    })
    void secretExpiry_afterError_failsWithoutWarningAboutLostToken(
            int status, String body, TokenErrorType errorType, int lists) throws Exception {
        AccessToken accessToken = accessToken(simulator.apiTokens().addUser("ann", "acme", CLIENT_ID, EXPIRY), "acme");
        String response = body.equals("huge") ? "{\"values\":[\"" + "y".repeat(2_000_000) + "\"]}" : body;
        simulator.apiTokens().setAnswer(status, response);
        TokenRequestException e = failure(() -> expiry(CLIENT_ID, accessToken));
        assertThat(e.errorType()).isEqualTo(errorType);
        assertThat(e.getMessage()).doesNotContain(accessToken.value(), "rotated away");
        assertThat(simulator.apiTokens().listRequests()).isEqualTo(lists);
    }

    @Test
    void secretExpiry_withoutTokensInList_isNull() throws Exception {
        AccessToken accessToken = accessToken(simulator.apiTokens().addUser("ann", "acme", CLIENT_ID, EXPIRY), "acme");
        simulator.apiTokens().setAnswer(200, "{}");
        assertThat(expiry(CLIENT_ID, accessToken)).isNull();
        assertThat(expiry("", accessToken)).isNull();
        assertThat(simulator.apiTokens().listRequests()).isEqualTo(2);
    }

    private static String list(String tokens) {
        return "{\"resultTotal\":1,\"pageCount\":1,\"page\":1,\"values\":[" + tokens + "]}";
    }

    private static String token(String clientId, String type, String owner, String organization, String end) {
        return "{\"id\":\"urn:vcloud:token:" + clientId + "\",\"type\":\"" + type + "\",\"owner\":{\"name\":\"" + owner
                + "\"},\"org\":{\"name\":\"" + organization + "\"},\"expirationTimeUtc\":" + end + '}';
    }

    private AccessToken accessToken(String token, String organization) throws TokenRequestException {
        return new VcfaTokenClient(http, account(VcfaTokenClient.SYSTEM, organization))
                .requestToken(token)
                .accessToken();
    }

    private Instant expiry(String clientId, AccessToken accessToken) throws TokenRequestException {
        return new VcfaTokenClient(http, account(VcfaTokenClient.SYSTEM, "acme"), clientId)
                .secretExpiry("", accessToken);
    }
}
