package io.jenkins.plugins.vcftoken.oauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VcfaProviderSessionClientTest extends TokenClientTestBase {

    private static final String HEADER = "x-vmware-vcloud-access-token";

    private String parentToken;

    @BeforeEach
    void start() throws Exception {
        parentToken = ssoToken();
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
        assertThat(failure(() -> scripted().requestToken("p")).tokenError()).isEqualTo(expected);
        assertThat(server.asked).containsExactly("POST /cloudapi/1.0.0/sessions/provider");
    }

    /** The header is all that counts. */
    @Test
    void requestToken_withATokenThatIsNoJwt_assumesHalfAnHour() throws Exception {
        server.answer(200, "", HEADER, "opaque");
        assertThat(scripted().requestToken("p").accessToken().lifetime()).isEqualTo(Duration.ofMinutes(30));
    }

    private VcfaProviderSessionClient client() {
        return new VcfaProviderSessionClient(http, account(VcfaTokenClient.SYSTEM, "System"));
    }

    private VcfaProviderSessionClient scripted() {
        return new VcfaProviderSessionClient(
                server.client, new Account(VcfaTokenClient.SYSTEM, URI.create("https://vcfa.example.com"), "System"));
    }
}
