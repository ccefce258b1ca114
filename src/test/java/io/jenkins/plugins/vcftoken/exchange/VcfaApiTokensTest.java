package io.jenkins.plugins.vcftoken.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jenkins.plugins.vcftoken.Core;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What VCF Automation tells about the end of a user's API token, and when it is better not believed. */
class VcfaApiTokensTest {

    private static final String MINE = "7b0f9a52-3c53-4bd5-9c55-0c1d6d0f7a01";
    private static final String OTHER = "7b0f9a52-3c53-4bd5-9c55-0c1d6d0f7a02";
    private static final Instant END = Instant.parse("2099-03-01T12:30:00Z");

    private Simulator simulator;
    private TokenClient client;

    @BeforeEach
    void start() throws Exception {
        simulator = Simulator.start();
        client = Core.client(simulator, InstantSource.system());
    }

    @AfterEach
    void stop() {
        assertThat(simulator.violations()).isEmpty();
        assertThat(simulator.mostReceived()).isLessThanOrEqualTo(1);
        simulator.close();
    }

    @Test
    void aTokenIsKnownByItsClientId() throws Exception {
        Bearer bearer = bearer(simulator.apiTokens().addUser("ann", "acme", MINE, END), "acme");
        simulator.apiTokens().list("ann", "acme", OTHER, END.plusSeconds(1));
        assertThat(expiry(MINE, bearer)).isEqualTo(END);
        assertThat(expiry(OTHER.toUpperCase(java.util.Locale.ROOT), bearer)).isEqualTo(END.plusSeconds(1));
        assertThat(simulator.requests()).isEqualTo(1);
    }

    @Test
    void theOnlyOneOfTheOwnerIsTheOneThatWasSent() throws Exception {
        Bearer bearer = bearer(simulator.apiTokens().addUser("ann", "acme", MINE, END), "acme");
        simulator.apiTokens().list("bob", "acme", OTHER, END.plusSeconds(1));
        assertThat(expiry("", bearer)).isEqualTo(END);
    }

    @Test
    void amongSeveralNothingIsGuessed() throws Exception {
        Bearer bearer = bearer(simulator.apiTokens().addUser("ann", "acme", MINE, END), "acme");
        simulator.apiTokens().list("ann", "acme", OTHER, END);
        assertThat(expiry("", bearer)).isNull();
        // Nor is another one taken for the one that is not there.
        assertThat(expiry("7b0f9a52-3c53-4bd5-9c55-0c1d6d0f7a03", bearer)).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", MINE})
    void aServiceAccountsTokenDoesNotEnd(String clientId) throws Exception {
        Bearer bearer = bearer(simulator.addAccount("ci", "acme"), "acme");
        assertThat(expiry(clientId, bearer)).isNull();
        simulator.apiTokens().list("ci", "acme", MINE, null);
        assertThat(expiry(clientId, bearer)).isNull();
        assertThat(simulator.rotations()).isEqualTo(1);
    }

    @Test
    void theListIsReadPageByPage() throws Exception {
        Bearer bearer = bearer(simulator.apiTokens().addUser("ann", "acme", OTHER, END), "acme");
        simulator.apiTokens().setCap(1);
        simulator.apiTokens().list("ann", "acme", MINE, END.plusSeconds(7));
        assertThat(expiry(MINE, bearer)).isEqualTo(END.plusSeconds(7));
        assertThat(simulator.apiTokens().lists()).isEqualTo(2);
        // The first page looks as if there were one alone.
        assertThat(expiry("", bearer)).isNull();
        assertThat(simulator.apiTokens().lists()).isEqualTo(4);
    }

    @Test
    void aListWithoutEndIsLeft() throws Exception {
        Bearer bearer = bearer(simulator.apiTokens().addUser("ann", "acme", "first", END), "acme");
        simulator.apiTokens().setCap(1);
        for (int i = 0; i < VcfaApiTokens.MAX_PAGES; i++) {
            simulator.apiTokens().list("ann", "acme", "other-" + i, END);
        }
        simulator.apiTokens().list("ann", "acme", MINE, END);
        assertThat(expiry(MINE, bearer)).isNull();
        assertThat(simulator.apiTokens().lists()).isEqualTo(VcfaApiTokens.MAX_PAGES);
    }

    @ParameterizedTest
    @ValueSource(strings = {"9.1.0", "9.0.0", "40.0"})
    void theVersionIsNegotiatedAndRemembered(String version) throws Exception {
        Bearer bearer = bearer(simulator.apiTokens().addUser("ann", "acme", MINE, END), "acme");
        simulator.tenants().setVersions(Set.of(version));
        expiry("", bearer);
        int first = simulator.apiTokens().lists();
        assertThat(expiry("", bearer)).isEqualTo(END);
        assertThat(simulator.apiTokens().lists() - first).isEqualTo(1);
    }

    /** Some serve tokens below {@code /tm} and lists not: asking for one is not to send the other astray. */
    @Test
    void whereTheListIsSaysNothingAboutWhereTokensAre() throws Exception {
        simulator.moveBehindTm();
        String token = simulator.apiTokens().addUser("ann", "acme", MINE, END);
        Bearer bearer = bearer(token, "acme");
        int missed = simulator.missed();
        assertThat(expiry("", bearer)).isEqualTo(END);
        assertThat(expiry("", bearer)).isEqualTo(END);
        assertThat(simulator.missed() - missed).isEqualTo(1);
        assertThat(client.hosts().isBehindTm(okhttp3.HttpUrl.get(simulator.url().toString())))
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
        // Before the bearer that the token bought, and so far away that it means nothing.
        "1970-01-01T00:00:00Z,",
        "9999-12-31T23:59:59Z,",
        "+999999999-12-31T23:59:59-18:00,"
    })
    void onlyAPlausibleTimeIsOne(String told, Instant end) throws Exception {
        Bearer bearer = bearer(simulator.addAccount("ann", "acme"), "acme");
        simulator.apiTokens().setAnswer(200, list(token(MINE, "REFRESH", "ann", "acme", '"' + told + '"')));
        assertThat(expiry("", bearer)).isEqualTo(end);
        assertThat(expiry(MINE, bearer)).isEqualTo(end);
    }

    @Test
    void whatIsNotTextIsNoTime() throws Exception {
        Bearer bearer = bearer(simulator.addAccount("ann", "acme"), "acme");
        simulator.apiTokens().setAnswer(200, list(token(MINE, "REFRESH", "ann", "acme", "4076481000")));
        assertThat(expiry("", bearer)).isNull();
    }

    /** Each is the only one in its list. */
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
        Bearer bearer = bearer(simulator.addAccount("ann", "acme"), "acme");
        simulator.apiTokens().setAnswer(200, list(token(MINE, type, owner, organization, "\"" + END + '"')));
        assertThat(expiry("", bearer)).isEqualTo(known ? END : null);
    }

    @Test
    void aListIsNotTrustedToBeTheListThatWasAskedFor() throws Exception {
        Bearer bearer = bearer(simulator.addAccount("ann", "acme"), "acme");
        String end = '"' + END.toString() + '"';
        simulator
                .apiTokens()
                .setAnswer(
                        200,
                        list("7,null,{},{\"id\":[],\"type\":\"REFRESH\",\"owner\":7},"
                                + token(OTHER, "PROXY", "ann", "acme", end) + ','
                                + token(MINE, "REFRESH", "ann", "acme", end)));
        assertThat(expiry(MINE, bearer)).isEqualTo(END);
        assertThat(expiry(OTHER, bearer)).isNull();
        assertThat(expiry("", bearer)).isNull();
    }

    @Test
    void aBearerThatDoesNotSayWhomItIsForNeedsTheClientId() throws Exception {
        Canned server = new Canned();
        String only = "{\"pageCount\":1,\"values\":["
                + token(MINE, "REFRESH", "ann", "acme", '"' + END.toString() + '"') + "]}";
        server.answer(200, only).answer(200, only);
        Bearer opaque = new Bearer("opaque", Canned.NOW, Canned.NOW.plusSeconds(60));
        Endpoint endpoint = new Endpoint(VcfaRefresh.SYSTEM, java.net.URI.create("https://host.example.com"), "acme");
        assertThat(new VcfaRefresh(server.client, endpoint).secretExpiry(opaque))
                .isNull();
        assertThat(new VcfaRefresh(server.client, endpoint, MINE).secretExpiry(opaque))
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
    void aServerThatDoesNotTellAlarmsNobody(int status, String body, Problem problem, int lists) throws Exception {
        Bearer bearer = bearer(simulator.apiTokens().addUser("ann", "acme", MINE, END), "acme");
        String sent = body.equals("huge") ? "{\"values\":[\"" + "y".repeat(2_000_000) + "\"]}" : body;
        simulator.apiTokens().setAnswer(status, sent);
        ExchangeException e = catchThrowableOfType(ExchangeException.class, () -> expiry(MINE, bearer));
        assertThat(e.problem()).isEqualTo(problem);
        assertThat(e.getMessage()).doesNotContain(bearer.value(), "rotated away");
        assertThat(simulator.apiTokens().lists()).isEqualTo(lists);
    }

    @Test
    void nothingIsAListWithoutTokens() throws Exception {
        Bearer bearer = bearer(simulator.apiTokens().addUser("ann", "acme", MINE, END), "acme");
        simulator.apiTokens().setAnswer(200, "{}");
        assertThat(expiry(MINE, bearer)).isNull();
        assertThat(expiry("", bearer)).isNull();
        assertThat(simulator.apiTokens().lists()).isEqualTo(2);
    }

    private static String list(String tokens) {
        return "{\"resultTotal\":1,\"pageCount\":1,\"page\":1,\"values\":[" + tokens + "]}";
    }

    private static String token(String clientId, String type, String owner, String organization, String end) {
        return "{\"id\":\"urn:vcloud:token:" + clientId + "\",\"type\":\"" + type + "\",\"owner\":{\"name\":\"" + owner
                + "\"},\"org\":{\"name\":\"" + organization + "\"},\"expirationTimeUtc\":" + end + '}';
    }

    private Bearer bearer(String token, String organization) throws ExchangeException {
        return new VcfaRefresh(client, endpoint(organization)).exchange(token).bearer();
    }

    private Instant expiry(String clientId, Bearer bearer) throws ExchangeException {
        return new VcfaRefresh(client, endpoint("acme"), clientId).secretExpiry(bearer);
    }

    private Endpoint endpoint(String organization) {
        return new Endpoint(VcfaRefresh.SYSTEM, simulator.url(), organization);
    }
}
