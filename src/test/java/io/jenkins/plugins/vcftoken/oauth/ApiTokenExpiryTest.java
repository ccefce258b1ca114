package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The expiry of a user's API token in VCF Automation, and the cases in which there is no reliable one. */
class ApiTokenExpiryTest extends TokenClientTestBase {

    private static final String MINE = "7b0f9a52-3c53-4bd5-9c55-0c1d6d0f7a01";
    private static final String OTHER = "7b0f9a52-3c53-4bd5-9c55-0c1d6d0f7a02";
    private static final Instant END = Instant.parse("2099-03-01T12:30:00Z");

    @AfterEach
    void stop() {
        assertThat(simulator.mostReceived()).isLessThanOrEqualTo(1);
    }

    @Test
    void aTokenIsKnownByItsClientId() throws Exception {
        AccessToken accessToken = accessToken(simulator.apiTokens().addUser("ann", "acme", MINE, END), "acme");
        simulator.apiTokens().list("ann", "acme", OTHER, END.plusSeconds(1));
        assertThat(expiry(MINE, accessToken)).isEqualTo(END);
        assertThat(expiry(OTHER.toUpperCase(java.util.Locale.ROOT), accessToken))
                .isEqualTo(END.plusSeconds(1));
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void theOnlyOneOfTheOwnerIsTheOneThatWasSent() throws Exception {
        AccessToken accessToken = accessToken(simulator.apiTokens().addUser("ann", "acme", MINE, END), "acme");
        simulator.apiTokens().list("bob", "acme", OTHER, END.plusSeconds(1));
        assertThat(expiry("", accessToken)).isEqualTo(END);
    }

    @Test
    void amongSeveralNothingIsGuessed() throws Exception {
        AccessToken accessToken = accessToken(simulator.apiTokens().addUser("ann", "acme", MINE, END), "acme");
        simulator.apiTokens().list("ann", "acme", OTHER, END);
        assertThat(expiry("", accessToken)).isNull();
        // Another token is not taken for the missing one.
        assertThat(expiry("7b0f9a52-3c53-4bd5-9c55-0c1d6d0f7a03", accessToken)).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", MINE})
    void aServiceAccountsTokenDoesNotEnd(String clientId) throws Exception {
        AccessToken accessToken = accessToken(simulator.addAccount("ci", "acme"), "acme");
        assertThat(expiry(clientId, accessToken)).isNull();
        simulator.apiTokens().list("ci", "acme", MINE, null);
        assertThat(expiry(clientId, accessToken)).isNull();
        assertThat(simulator.rotations()).isEqualTo(1);
    }

    @Test
    void theListIsReadPageByPage() throws Exception {
        AccessToken accessToken = accessToken(simulator.apiTokens().addUser("ann", "acme", OTHER, END), "acme");
        simulator.apiTokens().setCap(1);
        simulator.apiTokens().list("ann", "acme", MINE, END.plusSeconds(7));
        assertThat(expiry(MINE, accessToken)).isEqualTo(END.plusSeconds(7));
        assertThat(simulator.apiTokens().lists()).isEqualTo(2);
        // The first page has only one token.
        assertThat(expiry("", accessToken)).isNull();
        assertThat(simulator.apiTokens().lists()).isEqualTo(4);
    }

    @Test
    void aListWithoutEndIsLeft() throws Exception {
        AccessToken accessToken = accessToken(simulator.apiTokens().addUser("ann", "acme", "first", END), "acme");
        simulator.apiTokens().setCap(1);
        for (int i = 0; i < CloudApiClient.MAX_TOKEN_PAGES; i++) {
            simulator.apiTokens().list("ann", "acme", "other-" + i, END);
        }
        simulator.apiTokens().list("ann", "acme", MINE, END);
        assertThat(expiry(MINE, accessToken)).isNull();
        assertThat(simulator.apiTokens().lists()).isEqualTo(CloudApiClient.MAX_TOKEN_PAGES);
    }

    @ParameterizedTest
    @ValueSource(strings = {"9.1.0", "9.0.0", "40.0"})
    void theVersionIsNegotiatedAndRemembered(String version) throws Exception {
        AccessToken accessToken = accessToken(simulator.apiTokens().addUser("ann", "acme", MINE, END), "acme");
        simulator.tenants().setVersions(Set.of(version));
        expiry("", accessToken);
        int first = simulator.apiTokens().lists();
        assertThat(expiry("", accessToken)).isEqualTo(END);
        assertThat(simulator.apiTokens().lists() - first).isEqualTo(1);
    }

    /** Some servers have token endpoints below {@code /tm} and lists not: each path is remembered by itself. */
    @Test
    void whereTheListIsSaysNothingAboutWhereTokensAre() throws Exception {
        simulator.moveBehindTm();
        String token = simulator.apiTokens().addUser("ann", "acme", MINE, END);
        AccessToken accessToken = accessToken(token, "acme");
        int missed = simulator.missed();
        assertThat(expiry("", accessToken)).isEqualTo(END);
        assertThat(expiry("", accessToken)).isEqualTo(END);
        assertThat(simulator.missed() - missed).isEqualTo(1);
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
        // Before the access token that the token brought, and the year that stands for never.
        "1970-01-01T00:00:00Z,",
        "9999-12-31T23:59:59Z,",
        "+999999999-12-31T23:59:59-18:00,"
    })
    void onlyAPlausibleTimeIsOne(String told, Instant end) throws Exception {
        AccessToken accessToken = accessToken(simulator.addAccount("ann", "acme"), "acme");
        simulator.apiTokens().setAnswer(200, list(token(MINE, "REFRESH", "ann", "acme", '"' + told + '"')));
        assertThat(expiry("", accessToken)).isEqualTo(end);
        assertThat(expiry(MINE, accessToken)).isEqualTo(end);
    }

    @Test
    void whatIsNotTextIsNoTime() throws Exception {
        AccessToken accessToken = accessToken(simulator.addAccount("ann", "acme"), "acme");
        simulator.apiTokens().setAnswer(200, list(token(MINE, "REFRESH", "ann", "acme", "4076481000")));
        assertThat(expiry("", accessToken)).isNull();
    }

    /** Each record is the only one in its list. */
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
    void whoseTokenItIsMustBeBeyondDoubt(String type, String owner, String organization, boolean known)
            throws Exception {
        AccessToken accessToken = accessToken(simulator.addAccount("ann", "acme"), "acme");
        simulator.apiTokens().setAnswer(200, list(token(MINE, type, owner, organization, "\"" + END + '"')));
        assertThat(expiry("", accessToken)).isEqualTo(known ? END : null);
    }

    @Test
    void aListIsNotTrustedToBeTheListThatWasAskedFor() throws Exception {
        AccessToken accessToken = accessToken(simulator.addAccount("ann", "acme"), "acme");
        String end = '"' + END.toString() + '"';
        simulator
                .apiTokens()
                .setAnswer(
                        200,
                        list("7,null,{},{\"id\":[],\"type\":\"REFRESH\",\"owner\":7},"
                                + token(OTHER, "PROXY", "ann", "acme", end) + ','
                                + token(MINE, "REFRESH", "ann", "acme", end)));
        assertThat(expiry(MINE, accessToken)).isEqualTo(END);
        assertThat(expiry(OTHER, accessToken)).isNull();
        assertThat(expiry("", accessToken)).isNull();
    }

    @Test
    void anAccessTokenThatDoesNotSayWhomItIsForNeedsTheClientId() throws Exception {
        ScriptedHttp server = new ScriptedHttp();
        String only = "{\"pageCount\":1,\"values\":["
                + token(MINE, "REFRESH", "ann", "acme", '"' + END.toString() + '"') + "]}";
        server.answer(200, only).answer(200, only);
        AccessToken opaque = new AccessToken("opaque", ScriptedHttp.NOW, ScriptedHttp.NOW.plusSeconds(60));
        Account account = new Account(VcfaTokenClient.SYSTEM, java.net.URI.create("https://host.example.com"), "acme");
        assertThat(new VcfaTokenClient(server.client, account).secretExpiry("", opaque))
                .isNull();
        assertThat(new VcfaTokenClient(server.client, account, MINE).secretExpiry("", opaque))
                .isEqualTo(END);
    }

    @ParameterizedTest
    @CsvSource({
        "401, '', FORBIDDEN, 1",
        "403, '{\"minorErrorCode\":\"ACCESS_TO_RESOURCE_IS_FORBIDDEN\",\"message\":\"No\"}', FORBIDDEN, 1",
        "404, '<html>', NO_SUCH_SERVICE, 1",
        "405, '', NO_SUCH_SERVICE, 1",
        "406, '', REJECTED, 3",
        "400, '{\"message\":\"filter\"}', REJECTED, 3",
        "307, '', REDIRECTED, 1",
        "500, '', NO_ANSWER, 1",
        "200, '', STRANGE_ANSWER, 1",
        "200, '<html>', STRANGE_ANSWER, 1",
        "200, '[]', STRANGE_ANSWER, 1",
        "200, '{\"values\":[{\"id\":', STRANGE_ANSWER, 1",
        "200, huge, STRANGE_ANSWER, 1"
    })
    void failureToFindTheExpiry_doesNotSayThatTheTokenMayBeLost(
            int status, String body, TokenError tokenError, int lists) throws Exception {
        AccessToken accessToken = accessToken(simulator.apiTokens().addUser("ann", "acme", MINE, END), "acme");
        String sent = body.equals("huge") ? "{\"values\":[\"" + "y".repeat(2_000_000) + "\"]}" : body;
        simulator.apiTokens().setAnswer(status, sent);
        TokenRequestException e = failure(() -> expiry(MINE, accessToken));
        assertThat(e.tokenError()).isEqualTo(tokenError);
        assertThat(e.getMessage()).doesNotContain(accessToken.value(), "rotated away");
        assertThat(simulator.apiTokens().lists()).isEqualTo(lists);
    }

    @Test
    void nothingIsAListWithoutTokens() throws Exception {
        AccessToken accessToken = accessToken(simulator.apiTokens().addUser("ann", "acme", MINE, END), "acme");
        simulator.apiTokens().setAnswer(200, "{}");
        assertThat(expiry(MINE, accessToken)).isNull();
        assertThat(expiry("", accessToken)).isNull();
        assertThat(simulator.apiTokens().lists()).isEqualTo(2);
    }

    private static String list(String tokens) {
        return "{\"resultTotal\":1,\"pageCount\":1,\"page\":1,\"values\":[" + tokens + "]}";
    }

    private static String token(String clientId, String type, String owner, String organization, String end) {
        return "{\"id\":\"urn:vcloud:token:" + clientId + "\",\"type\":\"" + type + "\",\"owner\":{\"name\":\"" + owner
                + "\"},\"org\":{\"name\":\"" + organization + "\"},\"expirationTimeUtc\":" + end + '}';
    }

    private AccessToken accessToken(String token, String organization) throws TokenRequestException {
        return new VcfaTokenClient(http, account(organization))
                .requestToken(token)
                .accessToken();
    }

    private Instant expiry(String clientId, AccessToken accessToken) throws TokenRequestException {
        return new VcfaTokenClient(http, account("acme"), clientId).secretExpiry("", accessToken);
    }

    private Account account(String organization) {
        return new Account(VcfaTokenClient.SYSTEM, simulator.url(), organization);
    }
}
