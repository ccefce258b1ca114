package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jenkins.plugins.vcftoken.TestTokenService;
import io.jenkins.plugins.vcftoken.simulator.Simulator;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VcfaProviderSessionClientTest {

    private static final String API_TOKEN = "vidb_one";
    private static final String HEADER = "x-vmware-vcloud-access-token";

    private final ScriptedHttp server = new ScriptedHttp();
    @AutoClose("closeWithoutViolations")
    private final Simulator simulator = Simulator.start();
    private OneShotHttpClient http;
    private String parentToken;

    @BeforeEach
    void start() throws Exception {
        simulator.vcfSso().addApiToken("CUSTOMER", "client", API_TOKEN, Instant.parse("2099-01-01T00:00:00Z"));
        http = TestTokenService.client(simulator, InstantSource.system());
        parentToken = new VcfSsoApiTokenClient(
                        http, new Account(VcfSsoApiTokenClient.SYSTEM, simulator.url(), "CUSTOMER"))
                .requestToken(API_TOKEN)
                .accessToken()
                .value();
    }

    @Test
    void requestToken_takesTheAccessTokenOfTheHeader() throws Exception {
        TokenResponse response = client().requestToken(parentToken);
        assertThat(simulator.accessTokens()).contains(response.accessToken().value());
        assertThat(JwtClaims.of(response.accessToken().value()).text("org_name"))
                .isEqualTo("System");
        assertThat(response.accessToken().lifetime()).isEqualTo(Duration.ofHours(1));
        assertThat(simulator.providerSessions().openSessions()).isEqualTo(1);
    }

    @Test
    void revokeSession_endsTheSessionsOfAllRenewals() throws Exception {
        VcfaProviderSessionClient client = client();
        String sessions = client.requestToken(parentToken).session();
        sessions = client.refreshSession(parentToken, sessions).session();
        client.revokeSession(sessions);
        assertThat(simulator.providerSessions().ended()).isEqualTo(2);
        assertThat(simulator.providerSessions().openSessions()).isZero();
        client.revokeSession(sessions);
    }

    @Test
    void requestToken_withAnAccessTokenThatHasExpired_isRefusedForThat() {
        simulator.endSessions();
        TokenRequestException e =
                catchThrowableOfType(TokenRequestException.Rejected.class, () -> client().requestToken(parentToken));
        assertThat(e.tokenError().isOfParentToken()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "200, , UNINTELLIGIBLE",
        "200, 'a b', UNINTELLIGIBLE",
        "401, , PARENT_TOKEN_REFUSED",
        "403, , FORBIDDEN",
        "404, , NO_SUCH_SERVICE",
        "406, , REJECTED",
        "429, , THROTTLED",
        "502, , OUTCOME_UNKNOWN"
    })
    void requestToken_withoutAnAccessToken_fails(int status, String header, TokenError expected) {
        if (header == null) {
            server.answer(status, "{}");
        } else {
            server.answer(status, "{}", HEADER, header);
        }
        assertThat(catchThrowableOfType(
                                TokenRequestException.class, () -> scripted().requestToken("p"))
                        .tokenError())
                .isEqualTo(expected);
        assertThat(server.asked).containsExactly("POST /cloudapi/1.0.0/sessions/provider");
    }

    /** The header is all that counts. */
    @Test
    void requestToken_withATokenThatIsNoJwt_assumesHalfAnHour() throws Exception {
        server.answer(200, "", HEADER, "opaque");
        assertThat(scripted().requestToken("p").accessToken().lifetime()).isEqualTo(Duration.ofMinutes(30));
    }

    private VcfaProviderSessionClient client() {
        return new VcfaProviderSessionClient(http, new Account(VcfaTokenClient.SYSTEM, simulator.url(), "System"));
    }

    private VcfaProviderSessionClient scripted() {
        return new VcfaProviderSessionClient(
                server.client, new Account(VcfaTokenClient.SYSTEM, URI.create("https://vcfa.example.com"), "System"));
    }
}
